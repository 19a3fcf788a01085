/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The harvester's process is killed at every single thing it does, in a run with clock steps, a
 * suspend, spilled packets, another interval and slow collectors, and a successor goes on: no packet
 * uncounted, no record twice under another UID, no UID twice for different records, books exact.
 */
#include <criterion/criterion.h>

#include "harvest/account.h"
#include "harvest/harvester.h"
#include "support/fake_clock.h"
#include "support/fake_source.h"
#include "support/receiver.h"

#define S ((int64_t)NFP_NS_PER_S)
#define TICK (S / 4)
#define TICKS 200
#define AWAY 6 /* ticks until the successor starts */
#ifdef __SANITIZE_THREAD__
#define STRIDE 11 /* one thread alone, and it is slow there */
#else
#define STRIDE 1
#endif

typedef struct {
	NfpFakeClock clock;
	NfpFakeSource *fake;
	NfpReceiver receiver;
	NfpHarvester *harvester;
	uint64_t interval;
	guint kill_every; /* steps of a life; 0 = immortal */
	guint away;
	guint deaths;
} Life;

static void be_born(Life *l)
{
	const NfpHarvestOptions options = {
		.interval = l->interval,
		.ahead = 5 * S,
		.grace = 200 * NFP_NS_PER_MS,
		.merge_cpus = TRUE,
		.memory = 64 << 20,
		.hostname = "edge1",
	};

	l->fake->die_at = l->kill_every ? l->fake->steps + l->kill_every : 0;
	l->harvester = nfp_harvester_new(&options, &l->clock.clock, nfp_receiver_publish, NULL, &l->receiver);
	nfp_harvester_add_source(l->harvester, &l->fake->source, NULL); /* may die in it */
}

static bool is_dead(const Life *l)
{
	return l->fake->die_at && l->fake->steps >= l->fake->die_at;
}

static void bury(Life *l)
{
	g_clear_pointer(&l->harvester, nfp_harvester_free);
	nfp_receiver_drop(&l->receiver);
	l->deaths++;
	l->away = AWAY;
}

static void traffic(Life *l, int tick)
{
	const NfpFakePacket packets[] = {
		{ .row = NFP_P_tcp4, .ifindex = 2, .cpu = tick & 1, .flow = 1 + tick % 3, .packets = 2 },
		{ .row = NFP_P_icmp6, .ifindex = 3, .cpu = 0, .flow = 7, .packets = 1, .flags = NFP_KEY_EGRESS },
		{ .row = NFP_P_hook, .ifindex = 4, .cpu = tick & 1, .packets = 1 },
		{ .row = NFP_P_eth, .ifindex = 4, .cpu = 0, .packets = 1, .lost = true },
	};

	for (guint i = 0; i < G_N_ELEMENTS(packets); i++)
		nfp_fake_source_packet(l->fake, l->clock.boot, &packets[i]);
}

/* What happens to the machine, alike in every run. */
static void fate(Life *l, int tick)
{
	if (tick == 40 || tick == 43)
		l->clock.offset -= 7 * S + 300 * (int64_t)NFP_NS_PER_MS;
	if (tick == 90)
		l->clock.offset += 25 * S;
	if (tick == 120)
		l->clock.boot += 100 * S;
	if (tick == 150)
		l->interval = 3 * S;
	if (tick == 150 && l->harvester) {
		g_clear_pointer(&l->harvester, nfp_harvester_free);
		nfp_receiver_drop(&l->receiver);
	}
	if (tick % 5 == 0)
		nfp_receiver_deliver(&l->receiver);
}

static void live(Life *l, guint kill_every, guint kills)
{
	struct nfp_books_value sum;

	*l = (Life){ .interval = 4 * S, .kill_every = kill_every };
	nfp_fake_clock_init(&l->clock, 50 * S, 1795390440ll * S);
	l->fake = nfp_fake_source_new();
	nfp_receiver_init(&l->receiver, l->fake);
	l->receiver.hold = 3;
	for (int tick = 0; tick < TICKS; tick++) {
		fate(l, tick);
		traffic(l, tick);
		l->clock.boot += TICK;
		if (l->deaths >= kills)
			l->kill_every = 0;
		if (!l->harvester && l->away)
			l->away--;
		else if (!l->harvester)
			be_born(l);
		else
			nfp_harvester_step(l->harvester);
		if (l->harvester && is_dead(l))
			bury(l);
	}
	l->kill_every = 0;
	nfp_harvester_free(l->harvester);
	nfp_receiver_drop(&l->receiver);
	be_born(l);
	nfp_harvester_step(l->harvester);
	nfp_receiver_deliver(&l->receiver);
	nfp_harvester_stop(l->harvester, TRUE, 0);
	nfp_receiver_deliver(&l->receiver);
	nfp_harvester_step(l->harvester);

	nfp_fake_source_books(l->fake, &sum);
	cr_expect_eq(nfp_receiver_packets(&l->receiver) + sum.lost[NFP_LOST_filtered], l->fake->injected,
		     "killed every %u steps, %u times: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " packets",
		     kill_every, l->deaths, nfp_receiver_packets(&l->receiver), (guint64)l->fake->injected);
	cr_expect_eq(sum.seen, l->fake->injected, "killed every %u steps: books say %" G_GUINT64_FORMAT, kill_every,
		     (guint64)sum.seen);
	cr_expect_eq(nfp_books_difference(&sum), 0, "killed every %u steps", kill_every);
	cr_expect_eq(l->receiver.conflicts, 0, "killed every %u steps", kill_every);
	cr_expect_eq(nfp_fake_source_buckets(l->fake, NFP_BUCKET_CLOSED), 0);
}

static void end(Life *l)
{
	nfp_harvester_free(l->harvester);
	nfp_receiver_clear(&l->receiver);
	nfp_fake_source_free(l->fake);
}

static guint steps_of_a_whole_life(void)
{
	Life l;
	guint steps;

	live(&l, 0, 0);
	steps = l.fake->steps;
	cr_expect_gt(l.fake->spilled, 0);
	cr_expect_gt(l.fake->calls[NFP_FAKE_SWAP_SPILL], 1);
	end(&l);
	return steps;
}

Test(adopt, once_at_every_step)
{
	guint steps = steps_of_a_whole_life();
	guint64 duplicates = 0;

	cr_assert_gt(steps, 500);
	for (guint at = 1; at < steps; at += STRIDE) {
		Life l;

		live(&l, at, 1);
		duplicates += l.receiver.duplicates;
		end(&l);
	}
	cr_expect_gt(duplicates, 0, "some were killed between publishing and unpinning");
}

/* Lives too short to get anything done included. */
Test(adopt, again_and_again)
{
	guint steps = steps_of_a_whole_life();

	for (guint every = 1; every < steps / 3; every += STRIDE) {
		Life l;

		live(&l, every, 100);
		cr_expect_gt(l.deaths, 1);
		end(&l);
	}
}
