/** How many lines came in unseen. */
export class Unread {
  count = 0;

  add(lines) {
    this.count += lines;
  }

  clear() {
    this.count = 0;
  }
}
