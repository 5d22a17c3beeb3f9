/* The floor of the benchmark: writes a frame to every connection, and does nothing else.
 *
 *     floor PORT
 *
 * The first connection gives the orders: a frame's length in four bytes, big-endian, and
 * the frame. It gets one byte when the frame was written to all others. Whoever connected
 * before an order was sent is among them.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536 };

static int viewers[MOST];
static int count;
static unsigned char frame[MOST];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int listen_on(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address)) fail("bind");
  if (listen(listener, 4096)) fail("listen");
  return listener;
}

/* Accept whoever waits; without blocking, once the first one is there. */
static void accept_waiting(int listener) {
  int connection, on = 1;
  while (count < MOST && (connection = accept4(listener, NULL, NULL, 0)) >= 0) {
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    viewers[count++] = connection;
  }
}

static int read_exactly(int from, void *into, size_t length) {
  return length == 0 || recv(from, into, length, MSG_WAITALL) == (ssize_t)length;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  signal(SIGPIPE, SIG_IGN);
  int listener = listen_on(atoi(argv[1]));
  int orders = accept4(listener, NULL, NULL, 0);
  struct timeval moment = {.tv_usec = 1};
  setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
  uint32_t length;
  while (read_exactly(orders, &length, sizeof length)) {
    length = ntohl(length);
    if (length > sizeof frame || !read_exactly(orders, frame, length)) return 1;
    accept_waiting(listener);
    for (int i = 0; i < count; i++)
      if (write(viewers[i], frame, length) != (ssize_t)length) fail("write");
    if (write(orders, "", 1) != 1) return 1;
  }
  return 0;
}
