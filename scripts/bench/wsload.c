/* A load generator that is not the bottleneck: many WebSockets of one room, by one thread.
 *
 *   wsload PORT PATH SOCKETS TOKENS RATE OUTSTANDING SECONDS [STALLED]
 *
 * TOKENS is a file with one token a line, and behind it the path for that socket where it is not PATH (`-`: none are needed,
 * nobody is greeted; as a token, `-` is none). Whoever is told that their token has run out counts as connected. RATE is
 * messages a second, 0 for as many as OUTSTANDING allows: so many are under way at once, each from the next connection in turn. Prints the figures of connecting, waits for a line on standard
 * input, runs, and prints one JSON object. A message is
 * {"type": "say", "id": "PID-N", "text": "TNANOSECONDS"}; whatever comes back with such a text counts as a delivery. The last
 * STALLED sockets read nothing any more once all are there, and say nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SOCKETS 20000
/* Handshakes under way at once. */
#define IN_FLIGHT 256
/* Latencies are counted in steps of 10 us, up to 30 s. */
#define STEPS 3000000

enum phase { CLOSED, CONNECTING, UPGRADING, GREETED, OPEN, TURNED_AWAY };

static struct { int fd; enum phase phase; unsigned char *data; size_t used, room; uint64_t began, sent; } socket_of[MAX_SOCKETS];
static char *token[MAX_SOCKETS], *path_of[MAX_SOCKETS];
static const char *path;
static int poll_fd, port, count, opened, under_way, next_to_open, greeted_by_server, failed, publisher, outstanding, stalled;
static uint32_t latency[STEPS];
static uint64_t deliveries, bytes, messages, refused, connect_us[MAX_SOCKETS], recording;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void send_text(int n, const char *text) {
  unsigned char frame[4096];
  size_t size = strlen(text), head = size < 126 ? 2 : 4;
  if (size > 4000) exit(2);
  frame[0] = 0x81;
  frame[1] = (unsigned char)(0x80 | (size < 126 ? size : 126));
  if (head == 4) frame[2] = (unsigned char)(size >> 8), frame[3] = (unsigned char)size;
  memset(frame + head, 0, 4); /* a mask of zeros leaves the text as it is */
  memcpy(frame + head + 4, text, size);
  if (send(socket_of[n].fd, frame, head + 4 + size, MSG_NOSIGNAL) < 0) failed++;
}

static void open_next(void) {
  int n = next_to_open++, on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  /* 28,000 ports are free for each address; the loopback has many. */
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001u + (uint32_t)(n / 15000))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  bind(fd, (struct sockaddr *)&from, sizeof from);
  socket_of[n].fd = fd, socket_of[n].phase = CONNECTING, socket_of[n].began = now_ns();
  socket_of[n].room = 16384, socket_of[n].data = malloc(socket_of[n].room);
  under_way++;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) { perror("connect"); exit(1); }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u32 = (uint32_t)n};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void connected(int n) {
  char request[512];
  int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path_of[n] ? path_of[n] : path, port);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)n};
  epoll_ctl(poll_fd, EPOLL_CTL_MOD, socket_of[n].fd, &event);
  socket_of[n].phase = UPGRADING;
  if (send(socket_of[n].fd, request, (size_t)size, MSG_NOSIGNAL) != size) failed++;
}

static void is_open(int n) {
  socket_of[n].phase = OPEN;
  connect_us[opened++] = (now_ns() - socket_of[n].began) / 1000;
  under_way--;
}

static void upgraded(int n) {
  if (!token[n]) { is_open(n); return; }
  char hello[2048];
  snprintf(hello, sizeof hello, "{\"type\":\"hello\",\"token\":\"%s\"}", token[n]);
  socket_of[n].phase = GREETED;
  send_text(n, hello);
}

static void publish(void) {
  char text[128];
  int n = publisher++ % (count - stalled);
  socket_of[n].sent = now_ns();
  snprintf(text, sizeof text, "{\"type\":\"say\",\"id\":\"%d-%llu\",\"text\":\"T%llu\"}", (int)getpid(),
           (unsigned long long)messages, (unsigned long long)socket_of[n].sent);
  messages++;
  outstanding++;
  send_text(n, text);
}

static void heard(int n, const unsigned char *text, size_t size) {
  if (socket_of[n].phase == GREETED) {
    if (memmem(text, size < 64 ? size : 64, "\"state\"", 7)) greeted_by_server++, is_open(n);
    if (memmem(text, size < 64 ? size : 64, "\"token_expired\"", 15)) is_open(n), socket_of[n].phase = TURNED_AWAY;
    return;
  }
  const unsigned char *mark = memmem(text, size, "\"T", 2);
  if (!mark) {
    if (memmem(text, size < 64 ? size : 64, "\"error\"", 7)) refused++, outstanding--;
    return;
  }
  uint64_t sent = strtoull((const char *)mark + 2, NULL, 10);
  if (sent == socket_of[n].sent) outstanding--, socket_of[n].sent = 0;
  if (sent < recording) return;
  uint64_t step = (now_ns() - sent) / 10000;
  latency[step < STEPS ? step : STEPS - 1]++;
  deliveries++;
}

static void frames(int n) {
  unsigned char *d = socket_of[n].data;
  size_t at = 0, used = socket_of[n].used;
  while (used - at >= 2) {
    size_t head = 2, size = d[at + 1] & 127;
    if (size == 126) {
      if (used - at < 4) break;
      size = (size_t)d[at + 2] << 8 | d[at + 3], head = 4;
    } else if (size == 127) {
      if (used - at < 10) break;
      size = 0, head = 10;
      for (int i = 2; i < 10; i++) size = size << 8 | d[at + (size_t)i];
    }
    if (used - at < head + size) {
      if (head + size > socket_of[n].room) d = socket_of[n].data = realloc(d, socket_of[n].room = head + size + 16384);
      break;
    }
    if ((d[at] & 15) == 1) heard(n, d + at + head, size);
    if ((d[at] & 15) == 8 && socket_of[n].phase != TURNED_AWAY) failed++;
    /* A server closes what does not answer its pings: opening 19,000 takes longer than it waits for that. */
    if ((d[at] & 15) == 9) send(socket_of[n].fd, "\x8a\x80\0\0\0\0", 6, MSG_NOSIGNAL);
    at += head + size;
  }
  memmove(d, d + at, used - at);
  socket_of[n].used = used - at;
}

static void readable(int n) {
  for (;;) {
    size_t room = socket_of[n].room - socket_of[n].used - 1;
    ssize_t got = recv(socket_of[n].fd, socket_of[n].data + socket_of[n].used, room, 0);
    if (got <= 0) {
      if (got == 0 || errno != EAGAIN) {
        if (socket_of[n].phase != TURNED_AWAY) failed++, under_way -= socket_of[n].phase != OPEN;
        socket_of[n].phase = CLOSED, close(socket_of[n].fd);
      }
      return;
    }
    bytes += (uint64_t)got;
    socket_of[n].used += (size_t)got;
    socket_of[n].data[socket_of[n].used] = 0;
    if (socket_of[n].phase == UPGRADING) {
      char *end = strstr((char *)socket_of[n].data, "\r\n\r\n");
      if (!end) continue;
      if (memcmp(socket_of[n].data, "HTTP/1.1 101", 12)) { fprintf(stderr, "%.200s\n", socket_of[n].data); exit(1); }
      size_t rest = socket_of[n].used - (size_t)(end + 4 - (char *)socket_of[n].data);
      memmove(socket_of[n].data, end + 4, rest);
      socket_of[n].used = rest;
      upgraded(n);
    }
    frames(n);
    if ((size_t)got < room) return;
  }
}

static void turn(int timeout_ms) {
  struct epoll_event ready[512];
  int found = epoll_wait(poll_fd, ready, 512, timeout_ms);
  for (int i = 0; i < found; i++) {
    int n = (int)ready[i].data.u32;
    if (socket_of[n].phase == CONNECTING) connected(n);
    else if (socket_of[n].phase != CLOSED) readable(n);
  }
}

static int by_size(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static double quantile_ms(double share) {
  uint64_t wanted = (uint64_t)((double)deliveries * share), seen = 0;
  for (size_t i = 0; i < STEPS; i++)
    if ((seen += latency[i]) > wanted) return (double)i / 100;
  return 0;
}

static double cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void read_tokens(const char *file) {
  char line[2048];
  FILE *in = strcmp(file, "-") ? fopen(file, "r") : NULL;
  for (int n = 0; in && n < count && fgets(line, sizeof line, in); n++) {
    line[strcspn(line, "\n")] = 0;
    char *behind = strchr(line, ' ');
    if (behind) *behind = 0, path_of[n] = strdup(behind + 1);
    if (strcmp(line, "-")) token[n] = strdup(line);
  }
}

static void run(double rate, int most, double seconds) {
  uint64_t began = now_ns(), end = began + (uint64_t)(seconds * 1e9), every = rate > 0 ? (uint64_t)(1e9 / rate) : 0, due = began;
  double cpu = cpu_s();
  recording = began;
  messages = refused = bytes = 0;
  for (uint64_t now = began; now < end; now = now_ns()) {
    if (every) for (; due <= now; due += every) publish();
    else while (outstanding < most) publish();
    turn(every ? (int)((due - now) / 1000000) : 1);
  }
  double took = (double)(now_ns() - began) / 1e9, busy = (cpu_s() - cpu) / took;
  uint64_t counted = deliveries, sent = messages;
  printf("{\"seconds\": %.3f, \"messages\": %llu, \"refused\": %llu, \"deliveries\": %llu, \"bytes\": %llu, \"p50_ms\": %.2f, "
         "\"p99_ms\": %.2f, \"max_ms\": %.2f, \"client_busy\": %.2f, \"failed\": %d}\n",
         took, (unsigned long long)sent, (unsigned long long)refused, (unsigned long long)counted, (unsigned long long)bytes,
         quantile_ms(0.5), quantile_ms(0.99), quantile_ms(0.99999), busy, failed);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 8 && argc != 9) { fprintf(stderr, "usage: wsload PORT PATH SOCKETS TOKENS RATE OUTSTANDING SECONDS [STALLED]\n"); return 2; }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  port = atoi(argv[1]), path = argv[2], count = atoi(argv[3]);
  stalled = argc == 9 ? atoi(argv[8]) : 0;
  if (count > MAX_SOCKETS || stalled >= count) return 2;
  read_tokens(argv[4]);
  poll_fd = epoll_create1(0);
  uint64_t began = now_ns();
  while (opened + failed < count) {
    while (under_way < IN_FLIGHT && next_to_open < count) open_next();
    turn(10);
  }
  double took = (double)(now_ns() - began) / 1e9;
  qsort(connect_us, (size_t)opened, sizeof *connect_us, by_size);
  printf("{\"opened\": %d, \"failed\": %d, \"seconds\": %.3f, \"connect_p50_ms\": %.2f, \"connect_p99_ms\": %.2f}\n", opened, failed, took,
         opened ? (double)connect_us[opened / 2] / 1000 : 0, opened ? (double)connect_us[(size_t)opened * 99 / 100] / 1000 : 0);
  fflush(stdout);
  /* What others' coming has brought is read while nobody asks for anything. */
  char line[16];
  for (int i = 0; i < 100; i++) turn(5);
  if (!fgets(line, sizeof line, stdin)) return 0;
  failed = 0;
  for (int n = count - stalled; n < count; n++) epoll_ctl(poll_fd, EPOLL_CTL_DEL, socket_of[n].fd, NULL);
  run(atof(argv[5]), atoi(argv[6]), atof(argv[7]));
  return 0;
}
