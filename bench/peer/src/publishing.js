// Tells the viewers of a room, on all workers, through the Redis adapter.

let io;

export function publishThrough(server) {
  io = server;
}

export function publish(roomId, event, payload) {
  io.to(roomId).emit(event, { ...payload, serverTime: Date.now() });
}
