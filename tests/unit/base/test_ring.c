/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <poll.h>
#include <sched.h>

#include "base/error.h"
#include "base/ring.h"

#define STRESS_ITEMS 100000u
/* Enough, where a busy machine or ThreadSanitizer makes each turn of the two threads long. */
#define STRESS_US (10 * G_USEC_PER_SEC)
#define STRESS_END GUINT_TO_POINTER(G_MAXUINT) /* the last item */
#define LOST_WAKE_UP_MS 20000

static gboolean readable(NfpRing *ring)
{
	struct pollfd pfd = { .fd = nfp_ring_fd(ring), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

Test(ring, first_in_first_out_and_bounded)
{
	g_autoptr(NfpRing) ring = nfp_ring_new(3, NULL);

	cr_assert_eq(nfp_ring_capacity(ring), 4);
	/* Several times around, so that the indices wrap the array. */
	for (guint round = 0; round < 5; round++) {
		for (guint i = 1; i <= 4; i++)
			cr_assert(nfp_ring_push(ring, GUINT_TO_POINTER(i)));
		cr_assert_not(nfp_ring_push(ring, GUINT_TO_POINTER(5)));
		cr_assert_eq(nfp_ring_length(ring), 4);
		for (guint i = 1; i <= 4; i++)
			cr_assert_eq(nfp_ring_pop(ring), GUINT_TO_POINTER(i));
		cr_assert_null(nfp_ring_pop(ring));
		cr_assert_eq(nfp_ring_length(ring), 0);
	}
}

Test(ring, fd_is_readable_while_something_is_inside)
{
	g_autoptr(NfpRing) ring = nfp_ring_new(8, NULL);

	cr_assert_not(readable(ring));
	nfp_ring_push(ring, ring);
	nfp_ring_push(ring, ring);
	cr_assert(readable(ring));
	nfp_ring_pop(ring);
	cr_assert(readable(ring), "one item is left");
	nfp_ring_pop(ring);
	cr_assert_null(nfp_ring_pop(ring));
	cr_assert_not(readable(ring));
	nfp_ring_push(ring, ring);
	cr_assert(readable(ring));
}

Test(ring, impossible_sizes_are_refused)
{
	g_autoptr(GError) zero = NULL;
	g_autoptr(GError) huge = NULL;

	cr_assert_null(nfp_ring_new(0, &zero));
	cr_assert(g_error_matches(zero, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_null(nfp_ring_new(G_MAXUINT, &huge));
	cr_assert(g_error_matches(huge, NFP_ERROR, NFP_ERROR_USAGE));
	nfp_ring_free(NULL);
}

static void push(NfpRing *ring, void *item)
{
	while (!nfp_ring_push(ring, item))
		sched_yield();
}

static void *produce(void *data)
{
	NfpRing *ring = data;
	gint64 until = g_get_monotonic_time() + STRESS_US;

	for (guint i = 1; i <= STRESS_ITEMS && g_get_monotonic_time() < until; i++) {
		push(ring, GUINT_TO_POINTER(i));
		/* Let the consumer run dry now and then: the race is at the empty ring. */
		if (i % 7 == 0)
			sched_yield();
	}
	push(ring, STRESS_END);
	return NULL;
}

typedef struct {
	NfpRing *ring;
	guint expected; /* the next item */
	gboolean end;   /* it was the last */
} Consumer;

/* Takes up to `most` items; with `insist` looks again and again until there is one. */
static void consume(Consumer *c, guint most, gboolean insist)
{
	guint taken = 0;
	void *item;

	while (taken < most && !c->end) {
		item = nfp_ring_pop(c->ring);
		if (item) {
			c->end = item == STRESS_END;
			cr_assert(c->end || item == GUINT_TO_POINTER(c->expected), "out of order");
			c->expected++;
			taken++;
		} else if (!insist) {
			break;
		}
	}
}

/* The consumer waits for the fd between its rounds, so each lost signal would leave it waiting for ever. Rounds
 * differ: to the last item; one item; and one more after the last, where looking crosses with pushing. */
static void stress(guint capacity)
{
	g_autoptr(NfpRing) ring = nfp_ring_new(capacity, NULL);
	GThread *producer = g_thread_new("producer", produce, ring);
	Consumer c = { .ring = ring, .expected = 1 };

	for (guint round = 0; !c.end; round++) {
		struct pollfd pfd = { .fd = nfp_ring_fd(ring), .events = POLLIN };

		cr_assert_eq(poll(&pfd, 1, LOST_WAKE_UP_MS), 1, "wake-up lost before item %u", c.expected);
		consume(&c, round % 3 == 0 ? 1 : G_MAXUINT, FALSE);
		if (round % 3 == 2)
			consume(&c, 1, TRUE);
	}
	g_thread_join(producer);
	cr_assert_gt(c.expected, 100, "only %u items", c.expected);
	cr_assert_null(nfp_ring_pop(ring));
	cr_assert_not(readable(ring));
}

Test(ring, no_wake_up_is_lost_small)
{
	stress(1);
}

Test(ring, no_wake_up_is_lost_large)
{
	stress(64);
}
