package archtest

// A row says what one package may import of Muster, besides the root package, which everybody may. Paths are below the
// module; "." is the root; "*" as an element stands for any one folder. Of two rows that fit, the one without "*" wins.
type row struct {
	pkg     string
	imports []string
	why     string // why nothing else
	pure    bool   // purity rules hold, and for its tests the imports, too
	test    bool   // serves tests: nothing that is shipped may import it
}

// deciders are the pure packages that commands and read models compose.
var deciders = []string{"internal/rota", "internal/route", "internal/escalate", "internal/lifecycle", "internal/plan", "internal/statuspage"}

func with(list []string, more ...string) []string {
	return append(append([]string{}, list...), more...)
}

var table = []row{
	{pkg: ".", why: "the nouns lie at the bottom: everybody imports them, so they import nobody"},
	{
		pkg: "cmd/muster", imports: []string{"internal/app", "internal/cli", "internal/config"},
		why: "main only picks a verb; wiring is app's work",
	},

	{pkg: "internal/rota", pure: true, why: "who is on call is decided from values alone"},
	{pkg: "internal/route", pure: true, why: "where an alert goes is decided from values alone"},
	{pkg: "internal/escalate", pure: true, imports: []string{"internal/rota"}, why: "what happens next is decided from values alone; of the deciders only rota says who"},
	{pkg: "internal/lifecycle", pure: true, why: "which state may follow is decided from values alone"},
	{pkg: "internal/plan", pure: true, imports: []string{"internal/rota", "internal/route", "internal/escalate", "internal/lifecycle"}, why: "an explanation composes the deciders and nothing else, else it could differ from what the engine does"},
	{pkg: "internal/statuspage", pure: true, why: "a page is rendered from values; publishers push it"},

	{pkg: "internal/ledger", pure: true, why: "who verifies an export needs nothing but this"},
	{pkg: "internal/callsheet", pure: true, imports: []string{"internal/plan", "internal/rota"}, why: "paper is made from values"},
	{pkg: "internal/exchange", imports: []string{"internal/rota"}, why: "other tools' forms are bytes in, values out; only rota turns local times into instants"},
	{pkg: "internal/seal", why: "it turns bytes into sealed bytes and knows nobody"},
	{pkg: "internal/batch", why: "a mechanism without a noun"},
	{pkg: "internal/store", why: "interfaces only; who implements them must not be seen from here"},
	{pkg: "internal/store/sqlstore", imports: []string{"internal/store", "internal/batch"}, why: "SQL finds and saves; it decides nothing"},
	{pkg: "internal/store/freshdb", imports: []string{"internal/store/sqlstore"}, test: true, why: "what it copies is made by the migrations alone"},
	{pkg: "internal/store/storetest", imports: []string{"internal/store"}, test: true, why: "the suite holds for every store, so it knows none of them"},
	{pkg: "internal/catalog", imports: []string{"internal/store", "internal/plan", "internal/rota"}, why: "documents are below the operations that change them"},
	{
		pkg: "internal/command", imports: with(deciders, "internal/catalog", "internal/store", "internal/seal", "internal/exchange", "internal/ledger", "internal/callsheet"),
		why: "a command decides and records; what shall happen outside is a row that engine and connectors find",
	},
	{
		pkg: "internal/query", imports: with(deciders, "internal/catalog", "internal/store", "internal/seal", "internal/exchange", "internal/ledger", "internal/callsheet"),
		why: "read models never write, so commands are out of their reach",
	},
	{pkg: "internal/event", imports: []string{"internal/store"}, why: "the bus carries that something changed, not what it means"},
	{pkg: "internal/workflow", why: "the next step of a run is decided from values; its loop lives in engine"},
	{
		pkg:     "internal/engine",
		imports: []string{"internal/command", "internal/query", "internal/store", "internal/event", "internal/connector", "internal/workflow", "internal/seal"},
		why:     "loops carry out what commands wrote; deciding goes through commands, sending through the connector interface",
	},

	{pkg: "internal/intake", why: "a parser turns bytes into signals and knows nobody"},
	{pkg: "internal/intake/email", imports: []string{"internal/intake", "internal/intake/generic"}, why: "a mail becomes an object, and one mapping serves both"},
	{pkg: "internal/smtpd", imports: []string{"internal/command", "internal/httpx", "internal/intake"}, why: "a door translates: what it needs is a parser and a command"},
	{pkg: "internal/intake/*", imports: []string{"internal/intake"}, why: "a parser turns bytes into signals and knows nobody, other formats neither"},

	{pkg: "internal/connector", why: "the interface is small, and engine sees nothing but it"},
	{pkg: "internal/phone", imports: []string{"internal/connector"}, why: "what all connectors to telephones share knows none of them"},
	{pkg: "internal/connector/*", imports: []string{"internal/connector", "internal/httpx", "internal/phone"}, why: "a connector speaks to one outside system: no store, no commands, no other connector"},
	{pkg: "internal/connector/*/fake", imports: []string{"internal/connector", "internal/contracts", "internal/httpx"}, why: "a fake stands for the other side: it checks against the vendor's contract, not against our connector"},
	{pkg: "internal/connector/all", imports: []string{"internal/connector", "internal/connector/*"}, why: "the one explicit list of connectors, nothing more"},
	{pkg: "internal/connector/connectortest", imports: []string{"internal/connector", "internal/contracts", "internal/httpx"}, test: true, why: "the suite holds for every connector, so it knows none of them"},
	{pkg: "internal/contracts", why: "data that vendors publish"},

	{pkg: "internal/chatop", imports: []string{"internal/command", "internal/query"}, why: "chat is a surface: it translates text to operations and answers in plain values"},
	{pkg: "internal/httpx", why: "HTTP manners that all doors share; it knows no operation"},
	{pkg: "internal/api", imports: apiImports, why: "a surface translates: what it needs is a command or a query"},
	{pkg: "internal/api/*", imports: with(apiImports, "internal/api"), why: "a surface translates: what it needs is a command or a query"},
	{pkg: "internal/api/compat/*", imports: with(apiImports, "internal/api"), why: "a surface translates: what it needs is a command or a query"},
	{
		pkg:     "internal/web",
		imports: []string{"internal/command", "internal/query", "internal/event", "internal/statuspage", "internal/chatop", "internal/httpx", "internal/web/view"},
		why:     "a surface translates: what it needs is a command or a query",
	},
	{pkg: "internal/web/static", why: "files and their names; whoever serves them hands them in"},
	{pkg: "internal/web/view", why: "what screens show are plain values, so templates can be looked at without a server"},
	{
		pkg: "internal/cli", imports: []string{"internal/command", "internal/query", "internal/plan", "internal/catalog", "internal/rota", "internal/ledger", "internal/callsheet", "internal/apiclient", "internal/connector/*/fake"},
		why: "the command line works against any server: it takes names from the Op tables, checks files of documents, speaks as fakes do, and talks REST",
	},
	{pkg: "internal/apiclient", why: "it speaks the REST API and knows no more than a stranger would"},
	{pkg: "internal/config", why: "settings are read before anything exists that could use them"},
	{pkg: "internal/demo", imports: []string{"internal/command", "internal/catalog", "internal/store"}, why: "the demo's past is made by the operations that people use, else it would show what Muster cannot do"},
	{pkg: "internal/app", imports: []string{"..."}, why: "wiring"},

	{pkg: "internal/mustertest", imports: []string{"internal/app", "internal/store/freshdb", "internal/command", "internal/connector/*/fake", "internal/contracts"}, test: true, why: "the world is started as main starts it, and touched from outside"},
	{pkg: "internal/sim", imports: []string{"internal/app", "internal/mustertest", "internal/store"}, test: true, why: "its checker must not share code with what it checks; of the store it knows the interfaces, to stand in front of one and to look into one"},
	{pkg: "internal/archtest", test: true, why: "it reads source"},
	{pkg: "internal/doctest", test: true, why: "it runs what the docs tell people to run, as they would"},
	{pkg: "e2e", imports: []string{"internal/mustertest", "internal/contracts", "internal/connector/*/fake"}, test: true, why: "it drives the built binary from outside"},
	{pkg: "bench", why: "it measures the built binary from outside"},
	{pkg: "bench/loadgen", why: "it measures Muster and its peers alike, so it knows neither"},
}

var apiImports = []string{"internal/command", "internal/query", "internal/intake", "internal/intake/*", "internal/chatop", "internal/connector", "internal/httpx"}

// A ban gives the better reason where a wrong import is tempting. The table bans these anyway.
var bans = []struct{ from, to, why string }{
	{"internal/command", "internal/connector", "a command that sets something going writes a row; it calls nobody (architecture, section 2)"},
	{"internal/command", "internal/engine", "the engine wakes on commit; a command that called it would act before the row is safe"},
	{"internal/command", "internal/workflow", "starting a workflow is writing its run; engine takes the steps"},
	{"internal/command", "internal/query", "a command reads what it decides on in its own transaction, and read models do not"},
	{"internal/query", "internal/command", "read models never write"},
	{"internal/web", "internal/store", "screens read through query and act through command, so that roles are checked once"},
	{"internal/api", "internal/store", "the API reads through query and acts through command, so that roles are checked once"},
	{"internal/chatop", "internal/store", "chat reads through query and acts through command, so that roles are checked once"},
	{"internal/cli", "internal/store", "the command line talks REST only; what needs the file itself is app's"},
	{"internal/cli", "internal/app", "cmd/muster joins the two; the command line must work without a server inside"},
	{"internal/engine", "internal/rota", "the engine carries out; deciding goes through a command, which also writes down why"},
	{"internal/engine", "internal/escalate", "the engine carries out; deciding goes through a command, which also writes down why"},
	{"*", "internal/store/sqlstore", "only app chooses the database; the rest must run on both"},
	{"*", "internal/connector/*", "connectors are imported by connector/all alone: to know one by name is to depend on a vendor"},
	{"*", "internal/app", "app imports everybody, so nobody but main and the tests' world may import it"},
	{"*", "internal/contracts", "contracts are for fakes and tests; the product must not need a vendor's description to run"},
}

// homes are outside packages that live behind one door: prefix of the import path → who may import it. Tests may anywhere,
// except in pure packages.
var homes = []struct {
	path string
	at   []string
	why  string
}{
	{"database/sql", []string{"internal/store/sqlstore", "internal/store/storetest"}, "SQL is written in one package; elsewhere there is store.Tx"},
	{"modernc.org/sqlite", []string{"internal/store/sqlstore"}, "SQL is written in one package; elsewhere there is store.Tx"},
	{"github.com/jackc/pgx", []string{"internal/store/sqlstore", "internal/store/storetest", "internal/mustertest"}, "SQL is written in one package; elsewhere there is store.Tx"},
	{"github.com/pressly/goose", []string{"internal/store/sqlstore"}, "migrations belong to the store"},
	{"cel.dev/cel-go", []string{"internal/route"}, "one package compiles and limits expressions; others hand them to route"},
	{"github.com/danielgtaylor/huma", []string{"internal/api", "internal/api/*", "internal/api/compat/*"}, "the REST framework stays inside the REST surface"},
	{"github.com/Azure/azure-sdk-for-go/sdk/data/aztables", []string{"internal/connector/azuretable"}, "a vendor is known to its connector"},
	{"github.com/SherClockHolmes/webpush-go", []string{"internal/connector/webpush"}, "a vendor is known to its connector"},
	{"github.com/slack-go/slack", []string{"internal/connector/slack", "internal/connector/slack/fake"}, "a vendor is known to its connector"},
	{"github.com/chromedp", []string{"e2e", "internal/mustertest"}, "browsers are for tests"},
	{"pgregory.net/rapid", []string{"internal/sim", "internal/store/storetest"}, "a library for tests"},
	{"go.uber.org/goleak", []string{"internal/mustertest", "internal/sim", "internal/connector/connectortest"}, "a library for tests"},
	{"testing", []string{"internal/mustertest", "internal/sim", "internal/store/storetest", "internal/connector/connectortest", "e2e"}, "the product does not carry the test framework"},
}

// pureLibraries are the only imports of pure packages that are neither Muster's nor the standard library's.
var pureLibraries = map[string][]string{
	"internal/route": {"cel.dev/cel-go", "google.golang.org/protobuf", "cel.dev/expr"},
}

// impure are the standard library's packages that pure ones must not import; "/" at the end means everything below, too.
var impure = []struct{ path, why string }{
	{"database/sql", "facts are handed in"},
	{"net", "no I/O"},
	{"net/http", "no I/O"},
	{"net/smtp", "no I/O"},
	{"net/rpc", "no I/O"},
	{"os", "no I/O, no environment"},
	{"os/", "no I/O, no environment"},
	{"syscall", "no I/O"},
	{"math/rand", "the same facts give the same decision, for ever"},
	{"math/rand/", "the same facts give the same decision, for ever"},
	{"crypto/rand", "the same facts give the same decision, for ever"},
	{"log", "reasons are returned as values; surfaces word them"},
	{"log/", "reasons are returned as values; surfaces word them"},
}

// impureTime are the functions of package time that read or use a clock.
var impureTime = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep"}
