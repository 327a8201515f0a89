/**
 * Muster's script. Every page works without it; this makes pages live and quick. No state is kept here that the server
 * does not have: whatever changes is fetched again as HTML and merged into the page.
 */
import './live.js';
import './push.js';
import './forms.js';
import './keys.js';
import './palette.js';
import './theme.js';
import './composer.js';
import './seen.js';
import './lanes.js';
import './roster.js';
import { startTicking } from './time.js';
import { enhance } from './enhance.js';

enhance(document);
startTicking();
