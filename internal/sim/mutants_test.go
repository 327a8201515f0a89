package sim

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mutant is a planted bug.
type mutant struct {
	name     string
	file     string   // from the root of the module
	breaks   []string // promises, any of which may be what is seen first
	bug      string
	old, new string
}

func readMutant(t *testing.T, path string) mutant {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), "--- old\n")
	old, repl, ok2 := strings.Cut(rest, "\n--- new\n")
	if !ok || !ok2 {
		t.Fatalf("%s is no planted bug: it needs the lines \"--- old\" and \"--- new\"", path)
	}
	m := mutant{name: strings.TrimSuffix(filepath.Base(path), ".txt"), old: old, new: strings.TrimSuffix(repl, "\n")}
	for l := range strings.SplitSeq(head, "\n") {
		switch k, v, _ := strings.Cut(l, ": "); k {
		case "file":
			m.file = v
		case "breaks":
			m.breaks = strings.Fields(v)
		case "bug":
			m.bug = v
		}
	}
	return m
}

func mutants(t *testing.T) (all []mutant) {
	t.Helper()
	files, err := filepath.Glob("mutants/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d bugs are planted, want 30: %v", len(files), err)
	}
	for _, f := range files {
		all = append(all, readMutant(t, f))
	}
	return all
}

// root is the module's directory, seen from this package's.
const root = "../.."

// TestNoMutantIsStale checks that each planted bug still finds its line, once.
func TestNoMutantIsStale(t *testing.T) {
	for _, m := range mutants(t) {
		b, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), m.old); n != 1 {
			t.Errorf("%s is stale: %s has %d times, instead of once,\n%s", m.name, m.file, n, m.old)
		}
	}
}

// hunt is how many small stories a bug may survive.
const hunt = 60

// always is the bug that is planted in every test run, so that nobody has to believe that the stories can fail. Few packages
// lie above the one that it changes.
const always = "^29-"

// TestMutants plants one bug after the other and lets stories be told until one shows it. Each costs a build, so all of them
// belong to the long job; MUSTER_SIM_MUTANTS is a pattern of names that are tried otherwise.
func TestMutants(t *testing.T) {
	pattern := os.Getenv("MUSTER_SIM_MUTANTS")
	if os.Getenv("MUSTER_TEST_LONG") == "" && pattern == "" {
		pattern = always
	}
	if watched {
		t.Skip("what is built here is built without the race detector: it tells the same stories ten times faster")
	}
	some, err := regexp.Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	tried, caught := 0, 0
	for _, m := range mutants(t) {
		if !some.MatchString(m.name) {
			continue
		}
		tried++
		t.Run(m.name, func(t *testing.T) {
			if m.tell(t) {
				caught++
			}
		})
	}
	t.Logf("%d of %d planted bugs were caught", caught, tried)
}

var broke = regexp.MustCompile(`seed (\d+) broke (\w+) at ([^\n]*)`)

// tell builds Muster with the bug and reports whether a story shows it as what it is.
func (m mutant) tell(t *testing.T) bool {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(b), m.old) != 1 {
		t.Fatalf("stale: %s does not hold this once:\n%s", m.file, m.old)
	}
	dir := t.TempDir()
	changed := filepath.Join(dir, filepath.Base(file))
	if err := os.WriteFile(changed, []byte(strings.Replace(string(b), m.old, m.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", list, "-count=1", "-run", "^TestPromises$", "-timeout", "10m", ".")
	cmd.Env = append(os.Environ(), fmt.Sprintf("MUSTER_SIM_SEEDS=%d", hunt), "MUSTER_SIM_SIZE=small", "MUSTER_SIM_SHRINK=no", "MUSTER_TEST_LONG=", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	seen := broke.FindStringSubmatch(string(out))
	switch {
	case err == nil:
		t.Errorf("%d stories did not show that %s", hunt, m.bug)
	case seen == nil:
		t.Errorf("it was not the checker that found that %s:\n%.2000s", m.bug, out)
	case !slices.Contains(m.breaks, seen[2]):
		t.Errorf("that %s was seen as %s instead of as %v: %s", m.bug, seen[2], m.breaks, seen[0])
	default:
		t.Logf("caught: %s", seen[0])
		return true
	}
	return false
}
