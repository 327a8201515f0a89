package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"github.com/muster-oncall/muster"
)

// ErrHelp says that help was asked for and has been printed: there is nothing to start.
var ErrHelp = errors.New("config: help was printed")

// ParseServe reads the arguments after "serve".
func ParseServe(args []string, stdout, stderr io.Writer) (Serve, error) {
	var c Serve
	if err := parse("muster serve", "Start the server.", &c, args, stdout, stderr); err != nil {
		return c, err
	}
	return c, c.Check()
}

// ParseDemo reads the arguments after "demo".
func ParseDemo(args []string, stdout, stderr io.Writer) (Demo, error) {
	var c Demo
	if err := parse("muster demo", "Start a demo: a whole company, and the first alert.", &c, args, stdout, stderr); err != nil {
		return c, err
	}
	return c, c.Check()
}

func parse(name, what string, into any, args []string, stdout, stderr io.Writer) error {
	helped := false
	k, err := kong.New(into, kong.Name(name), kong.Description(what), kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }), kong.Resolvers(kong.ResolverFunc(nothing)))
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	// The file's name is a setting too, so it is looked for first: a flag, or the environment.
	if path := configPath(args); path != "" {
		if _, serve := into.(*Serve); serve {
			values, err := readFile(path, k)
			if err != nil {
				return err
			}
			if err := kong.Resolvers(fromFile(values)).Apply(k); err != nil {
				return fmt.Errorf("config: %w", err)
			}
		}
	}
	_, err = k.Parse(args)
	if helped {
		return ErrHelp
	}
	if err != nil {
		return muster.Errorf(muster.ErrInvalid, "%s: %s. Try %s --help.", name, err, name)
	}
	return nil
}

func nothing(*kong.Context, *kong.Path, *kong.Flag) (any, error) { return nil, nil } //nolint:nilnil // kong's word for "I do not know"

func configPath(args []string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return os.Getenv("MUSTER_CONFIG")
}

// readFile reads settings by name and refuses names that it does not know.
func readFile(path string, k *kong.Kong) (map[string]any, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, muster.Errorf(muster.ErrInvalid, "The file with the settings cannot be read: %s", err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(b, &values); err != nil {
		return nil, muster.Errorf(muster.ErrInvalid, "%s is not YAML: %s", path, yaml.FormatError(err, false, true))
	}
	var known []string
	for _, f := range k.Model.Flags {
		if n := keyOf(f); n != "help" && n != "config" {
			known = append(known, n)
		}
	}
	var wrong []muster.FieldError
	for name, v := range values {
		msg := ""
		switch {
		case !slices.Contains(known, name):
			msg = "is not a setting"
			if near := muster.Nearest(name, known); near != "" {
				msg += fmt.Sprintf(" (did you mean %s?)", near)
			}
		case reflect.ValueOf(v).IsValid() && reflect.ValueOf(v).Kind() == reflect.Map:
			msg = "must be a single value or a list"
		}
		if msg != "" {
			wrong = append(wrong, muster.FieldError{File: path, Path: name, Message: msg})
		}
	}
	return values, muster.Invalid("The settings are not right", wrong)
}

func keyOf(f *kong.Flag) string { return strings.ReplaceAll(f.Name, "-", "_") }

// fromFile answers kong's question for a value that no flag gave; the environment goes before the file.
func fromFile(values map[string]any) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
		for _, env := range f.Envs {
			if _, set := os.LookupEnv(env); set {
				return nil, nil //nolint:nilnil // kong's word for "I do not know"
			}
		}
		v, ok := values[keyOf(f)]
		if !ok || v == nil {
			return nil, nil //nolint:nilnil // kong's word for "I do not know"
		}
		if list, ok := v.([]any); ok {
			parts := make([]string, len(list))
			for i, e := range list {
				parts[i] = fmt.Sprint(e)
			}
			return strings.Join(parts, ","), nil
		}
		return fmt.Sprint(v), nil
	})
}
