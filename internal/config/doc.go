// Package config turns flags, the environment and a file into one checked struct for each way to start Muster. A flag wins
// over the environment, the environment over the file, the file over what is built in.
//
// It imports the root package, kong and the YAML library only: settings are read before anything exists that could use
// them. Nothing here opens a database or listens; a path that cannot be written is found out by whoever opens it.
package config
