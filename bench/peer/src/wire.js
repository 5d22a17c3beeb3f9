// Rows as they stand on the wire.

export const roomFields = (row) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  shareToken: row.share_token,
  currentTimerId: row.current_timer_id,
  revision: row.revision,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export const timerFields = (row) => ({
  id: row.id,
  roomId: row.room_id,
  title: row.title,
  description: row.description,
  completionMessage: row.completion_message,
  position: row.position,
  duration: row.duration,
  remaining: row.remaining,
  status: row.status,
  startedAt: row.started_at,
  endsAt: row.ends_at,
  revision: row.revision,
});
