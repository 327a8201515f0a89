package mustertest

// Storefront is a small catalog: three people, a policy of two steps with a repetition, a service, and a route that
// declares incidents.
const Storefront = `
kind: user
name: ana
display: Ana
zone: America/Los_Angeles
access: admin
directory: dir-ana
---
kind: user
name: ravi
display: Ravi
zone: Europe/Berlin
---
kind: user
name: zoe
display: Zoe
zone: Europe/Berlin
---
kind: team
name: storefront
title: Storefront
owners: [ravi]
---
kind: connector
name: phones
type: webhook
secrets: {secret: phones-secret}
---
kind: connector
name: teams
type: teams-webhook
secrets: {secret: teams-secret}
---
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: first, role: primary, zone: Europe/Berlin, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [ravi]}
  - {name: second, role: secondary, zone: America/Los_Angeles, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [ana]}
---
kind: policy
name: urgent
title: Storefront, urgent
team: storefront
steps:
  - {targets: [{roster: storefront, role: primary}], wait: 5m}
  - {targets: [{roster: storefront, role: secondary}], wait: 5m}
repeat: 1
ack_timeout: 30m
---
kind: service
name: cart
title: Shopping cart
team: storefront
policy: urgent
impact: Customers cannot add items to the cart.
---
kind: source
name: monitoring
title: Azure Monitor
service: cart
---
kind: statuspage
name: public
title: Tailwind Traders
audience: public
components: [{name: cart, title: Shopping cart, service: cart}]
---
kind: statuspage
name: internal
title: Tailwind Traders, internal
audience: organisation
components: [{name: cart, title: Shopping cart, service: cart}]
---
kind: route
name: critical
order: 10
match: severity == "critical"
severity: SEV2
declare: true
---
kind: route
name: default
policy: urgent
`
