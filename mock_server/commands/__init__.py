"""The commands of `nemovideo-mock`, one file for each kind. The server's modules are imported when a command needs them, so that
--help and --version are instant."""
