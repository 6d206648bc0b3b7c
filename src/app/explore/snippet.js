// In a page of this site, or with a token: in Node, give WebSocket the header `Authorization: Bearer …`.
const question = QUESTION;
const rows = new Map();
let key = [];
let staged = [];
let complete = false;
const keyOf = (row) => JSON.stringify(key.map((column) => row[column]));

const socket = new WebSocket(SOCKET, 'rowcast.v1');
socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', id: '1', ...question }));
socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data);
  if (frame.type === 'error') console.error(frame.message);
  if (frame.type === 'subscribed') key = frame.key;
  if (frame.type === 'subscribed' || frame.type === 'resync') [staged, complete] = [[{ op: 'truncate' }], false];
  if (frame.type === 'snapshot') staged.push(...frame.rows.map((row) => ({ op: 'insert', row })));
  if (frame.type === 'snapshot' && !frame.more) complete = true;
  if (frame.type === 'changes') staged.push(...frame.changes);
  // Everything up to a position becomes visible at once.
  if (!frame.position || !complete || staged.length === 0) return;
  for (const { op, row, key: gone } of staged.splice(0)) {
    if (op === 'truncate') rows.clear();
    else if (op === 'delete') rows.delete(keyOf(gone));
    else rows.set(keyOf(row), row);
  }
  console.log([...rows.values()]);
};
