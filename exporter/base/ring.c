/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/ring.h"

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"

#define CACHE_LINE 64
#define CAPACITY_MAX (1u << 20)

/*
 * head and tail only grow (modulo 2^32); tail - head items are inside.
 *
 * Wake-up. Invariant: whenever the ring holds something, the eventfd is readable, or the producer is
 * in push() and about to make it so, or the consumer is in pop(). The producer signals only when
 * its item found the ring empty. Either side stores its own index and then loads the other's, both
 * sequentially consistent, so at least one of them sees the other's store (Dekker): a consumer that
 * finds nothing after it cleared the eventfd will be seen by the next push, which signals. A
 * consumer that does find something then may have cleared the signal for it, so it signals itself.
 */
struct NfpRing {
	alignas(CACHE_LINE) atomic_uint tail; /* written by the producer */
	alignas(CACHE_LINE) atomic_uint head; /* written by the consumer */
	alignas(CACHE_LINE) guint mask;
	int fd;
	void *slots[];
};

static void signal_fd(int fd)
{
	uint64_t one = 1;
	ssize_t n;

	/* EAGAIN means a counter of 2^64 - 2: readable anyway. */
	do {
		n = write(fd, &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
}

static void clear_fd(int fd)
{
	uint64_t count;
	ssize_t n;

	do {
		n = read(fd, &count, sizeof(count));
	} while (n < 0 && errno == EINTR);
}

NfpRing *nfp_ring_new(guint capacity, GError **err)
{
	NFP_AUTO_FD int fd = -1;
	NfpRing *ring;
	guint size = 1;
	size_t octets;

	if (capacity == 0 || capacity > CAPACITY_MAX) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "a queue of %u items: 1 to %u are possible", capacity, CAPACITY_MAX);
		return NULL;
	}
	while (size < capacity)
		size *= 2;
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make an eventfd");
		return NULL;
	}
	octets = sizeof(NfpRing) + size * sizeof(void *);
	octets = (octets + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	ring = aligned_alloc(CACHE_LINE, octets);
	if (!ring) {
		nfp_error_errno(err, NFP_ERROR_FAILED, ENOMEM, "cannot make a queue of %u items", size);
		return NULL;
	}
	atomic_init(&ring->tail, 0);
	atomic_init(&ring->head, 0);
	ring->mask = size - 1;
	ring->fd = nfp_fd_steal(&fd);
	return ring;
}

gboolean nfp_ring_push(NfpRing *ring, void *item)
{
	unsigned int tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	unsigned int head = atomic_load_explicit(&ring->head, memory_order_acquire);

	if (tail - head > ring->mask)
		return FALSE;
	ring->slots[tail & ring->mask] = item;
	atomic_store(&ring->tail, tail + 1);
	if (atomic_load(&ring->head) == tail)
		signal_fd(ring->fd);
	return TRUE;
}

void *nfp_ring_pop(NfpRing *ring)
{
	unsigned int head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	void *item;

	if (atomic_load_explicit(&ring->tail, memory_order_acquire) == head) {
		clear_fd(ring->fd);
		if (atomic_load(&ring->tail) == head)
			return NULL;
		signal_fd(ring->fd);
	}
	item = ring->slots[head & ring->mask];
	atomic_store(&ring->head, head + 1);
	return item;
}

guint nfp_ring_length(const NfpRing *ring)
{
	/* head first: it can only have grown since, so the difference is never negative. */
	unsigned int head = atomic_load(&ring->head);
	unsigned int length = atomic_load(&ring->tail) - head;

	return MIN(length, ring->mask + 1);
}

guint nfp_ring_capacity(const NfpRing *ring)
{
	return ring->mask + 1;
}

int nfp_ring_fd(const NfpRing *ring)
{
	return ring->fd;
}

void nfp_ring_free(NfpRing *ring)
{
	if (!ring)
		return;
	nfp_fd_clear(&ring->fd);
	free(ring);
}
