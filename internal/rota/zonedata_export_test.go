package rota

// BuiltInZip is the file that Muster carries, for tests.
func BuiltInZip() []byte { return builtIn }
