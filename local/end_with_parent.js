// Loaded into Azurite's Node: ends it when the process that started it is gone, even by SIGKILL.
// Standard input is a pipe that nobody writes to; it ends when its other end is closed. Listening
// to it must not keep Azurite alive once it has been told to end and has saved its data.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume().unref();
