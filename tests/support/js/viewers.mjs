// Standard Socket.IO clients that watch a room and print what they receive.
//
//   node viewers.mjs '{"url": "...", "shareToken": "...", "count": 3}'
//
// Further options: `transports` and `path`, else the library's defaults, and any other
// option of socket.io-client in `options`. Prints a line of JSON for each event:
// {viewer, event, payload, at}. Ends when its standard input is closed.

import { io } from "socket.io-client";

const { url, shareToken, count = 1, transports, path, options } = JSON.parse(
  process.argv[2],
);

function print(viewer, event, payload = null) {
  const line = { viewer, event, payload, at: Date.now() };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function watch(viewer) {
  const given = { transports, path };
  const socket = io(url, {
    // Sockets of one page share a connection; viewers do not share a page.
    forceNew: true,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)),
    ...options,
  });
  // Listened to from the start: an upgrade may be over before the first "connect".
  socket.io.on("open", () => {
    const { engine } = socket.io;
    engine.once("upgrade", ({ name }) => print(viewer, "upgrade", { transport: name }));
  });
  socket.on("connect", () => {
    const transport = socket.io.engine.transport.name;
    print(viewer, "connect", { id: socket.id, transport });
    socket.emit("join-room", { shareToken }, (answer) =>
      print(viewer, "joined", answer),
    );
  });
  socket.on("connect_error", (error) =>
    print(viewer, "connect_error", { message: error.message }),
  );
  socket.on("disconnect", (reason) => print(viewer, "disconnect", { reason }));
  socket.onAny((event, payload) => print(viewer, event, payload));
  return socket;
}

const sockets = Array.from({ length: count }, (_, viewer) => watch(viewer));

process.stdin.resume();
process.stdin.on("end", () => {
  for (const socket of sockets) socket.disconnect();
  process.exit();
});
