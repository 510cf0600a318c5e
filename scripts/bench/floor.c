/* The floor: what fan-out costs when there is nothing but epoll and one send() per delivery.
 *
 *   floor PORT
 *
 * Speaks as much WebSocket as the load generator needs: any GET is upgraded (its key is answered), any text frame of up
 * to 64 KiB goes to every connection of the same room as one unmasked text frame of 200 bytes that begins with the frame's
 * own text. The room is the number in the path (`GET /12`), 0 where there is none. One thread, no state, no checks: nothing
 * that does more can be cheaper.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FD 65536
#define PAYLOAD 200

#define MAX_ROOMS 8192

static struct { unsigned char *data; size_t used; int open, room, place; } connection[MAX_FD];
static struct { int *members, count, space; } rooms[MAX_ROOMS];

/* SHA-1 and base64 of the handshake's key (RFC 3174, RFC 4648): 30 lines, so that nothing has to be linked. */
static uint32_t rol(uint32_t x, int n) { return (x << n) | (x >> (32 - n)); }

static void sha1(const unsigned char *text, size_t size, unsigned char out[20]) {
  uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0}, w[80];
  unsigned char block[128] = {0};
  size_t total = size + 9 <= 64 ? 64 : 128;
  memcpy(block, text, size);
  block[size] = 0x80;
  for (int i = 0; i < 8; i++) block[total - 1 - i] = (unsigned char)((uint64_t)size * 8 >> (8 * i));
  for (size_t at = 0; at < total; at += 64) {
    for (int i = 0; i < 16; i++) {
      const unsigned char *b = block + at + 4 * i;
      w[i] = (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
    }
    for (int i = 16; i < 80; i++) w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 80; i++) {
      uint32_t f = i < 20 ? ((b & c) | (~b & d)) : i < 40 ? (b ^ c ^ d) : i < 60 ? ((b & c) | (b & d) | (c & d)) : (b ^ c ^ d);
      uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
      uint32_t t = rol(a, 5) + f + e + k + w[i];
      e = d, d = c, c = rol(b, 30), b = a, a = t;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
  }
  for (int i = 0; i < 20; i++) out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const unsigned char in[20], char out[29]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0, o = 0; i < 21; i += 3, o += 4) {
    uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | (i + 2 < 20 ? in[i + 2] : 0);
    for (int j = 0; j < 4; j++) out[o + j] = letters[v >> (18 - 6 * j) & 63];
  }
  out[27] = '=', out[28] = 0;
}

static void drop(int fd) {
  if (connection[fd].open) {
    int *members = rooms[connection[fd].room].members, last = members[--rooms[connection[fd].room].count];
    members[connection[fd].place] = last;
    connection[last].place = connection[fd].place;
  }
  free(connection[fd].data);
  memset(&connection[fd], 0, sizeof connection[fd]);
  close(fd);
}

static void upgrade(int fd) {
  char *key = strcasestr((char *)connection[fd].data, "sec-websocket-key:"), accept[29], answer[200], whole[128];
  unsigned char sum[20];
  if (!key) { drop(fd); return; }
  key += 18;
  while (*key == ' ') key++;
  int n = snprintf(whole, sizeof whole, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)strcspn(key, "\r\n"), key);
  sha1((unsigned char *)whole, (size_t)n, sum);
  base64(sum, accept);
  n = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
  if (send(fd, answer, (size_t)n, MSG_NOSIGNAL) != n) { drop(fd); return; }
  int number = atoi((char *)connection[fd].data + 5), at = number > 0 && number < MAX_ROOMS ? number : 0;
  if (rooms[at].count == rooms[at].space)
    rooms[at].members = realloc(rooms[at].members, (size_t)(rooms[at].space = rooms[at].space * 2 + 8) * sizeof(int));
  connection[fd].open = 1, connection[fd].used = 0, connection[fd].room = at, connection[fd].place = rooms[at].count;
  rooms[at].members[rooms[at].count++] = fd;
}

static void tell_all(int room, const unsigned char *text, size_t size) {
  unsigned char frame[4 + PAYLOAD] = {0x81, 126, PAYLOAD >> 8, PAYLOAD & 255};
  memset(frame + 4, ' ', PAYLOAD);
  memcpy(frame + 4, text, size < PAYLOAD ? size : PAYLOAD);
  for (int i = 0; i < rooms[room].count; i++) {
    int fd = rooms[room].members[i];
    if (send(fd, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN) drop(fd), i--;
  }
}

/* The bytes of the first frame in the buffer; 0 while it is not there as a whole. */
static size_t take_frame(int fd) {
  unsigned char *d = connection[fd].data;
  size_t used = connection[fd].used, head = 2, size;
  if (used < 2) return 0;
  size = d[1] & 127;
  if (size == 126) {
    if (used < 4) return 0;
    size = (size_t)d[2] << 8 | d[3], head = 4;
  } else if (size == 127) { drop(fd); return 0; }
  if (used < head + 4 + size) return 0;
  unsigned char *mask = d + head, *text = mask + 4;
  for (size_t i = 0; i < size; i++) text[i] ^= mask[i & 3];
  if ((d[0] & 15) == 1) tell_all(connection[fd].room, text, size);
  return head + 4 + size;
}

static void readable(int fd) {
  if (!connection[fd].data) connection[fd].data = malloc(70000);
  ssize_t n = recv(fd, connection[fd].data + connection[fd].used, 69999 - connection[fd].used, MSG_DONTWAIT);
  if (n <= 0) {
    if (n == 0 || errno != EAGAIN) drop(fd);
    return;
  }
  connection[fd].used += (size_t)n;
  connection[fd].data[connection[fd].used] = 0;
  if (!connection[fd].open) {
    if (strstr((char *)connection[fd].data, "\r\n\r\n")) upgrade(fd);
    return;
  }
  for (size_t taken; connection[fd].data && (taken = take_frame(fd)) > 0 && connection[fd].data;) {
    connection[fd].used -= taken;
    memmove(connection[fd].data, connection[fd].data + taken, connection[fd].used);
  }
}

int main(int argc, char **argv) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, poll = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "0"))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) { perror("floor"); return 1; }
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[512];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poll, ready, 512, -1);
    for (int i = 0; i < count; i++) {
      if (ready[i].data.fd != listener) { readable(ready[i].data.fd); continue; }
      for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event more = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &more);
      }
    }
  }
}
