//! CONFIG, directives from file, command line and environment.
