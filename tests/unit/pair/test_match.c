// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "pair/match.h"
#include "support/encode_records.h"
#include "support/pair_records.h"

#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define RECORDS 16

/* A bucket after another, of up to RECORDS records each. */
typedef struct {
	NfpDirections *directions;
	NfpMatcher *matcher;
	uint32_t now; /* s */
	guint n;
	NfpRecord records[RECORDS];
	NfpPairEntry entries[RECORDS];
} World;

static World world_new(void)
{
	World world = { .directions = nfp_directions_new(1024), .now = 1000000 };

	world.matcher = nfp_matcher_new(world.directions);
	return world;
}

static void world_clear(World *world)
{
	nfp_matcher_free(world->matcher);
	nfp_directions_free(world->directions);
}

static NfpRecord *add(World *world, NfpRecord record)
{
	world->records[world->n] = record;
	return &world->records[world->n++];
}

static void run(World *world)
{
	nfp_directions_turn(world->directions, world->now, world->now + 60);
	for (guint i = 0; i < world->n; i++)
		nfp_matcher_enter(world->matcher, &world->records[i], &world->entries[i]);
	nfp_matcher_run(world->matcher, world->entries, world->n);
}

static void next(World *world)
{
	world->n = 0;
	world->now += 60;
}

static void assert_pair(const World *world, guint a, guint b)
{
	cr_assert_eq(world->entries[a].partner, b, "%u has partner %u, not %u", a, world->entries[a].partner, b);
	cr_assert_eq(world->entries[b].partner, a);
	cr_assert_neq(world->entries[a].began, world->entries[b].began);
}

static void assert_alone(const World *world, guint a)
{
	cr_assert_eq(world->entries[a].partner, NFP_PAIR_NONE, "%u", a);
}

static NfpRecord tcp(uint8_t source, uint8_t destination, uint16_t flags, uint64_t first)
{
	NfpRecord record = nfp_test_flow(NFP_TEST_TCP, source, (uint16_t)(1000 + source), destination,
					 (uint16_t)(1000 + destination), first);

	record.tcp_flags = flags;
	return record;
}

static NfpRecord udp(uint8_t source, uint8_t destination, uint64_t first)
{
	return nfp_test_flow(NFP_TEST_UDP, source, (uint16_t)(1000 + source), destination,
			     (uint16_t)(1000 + destination), first);
}

/* Rows: flags and first of 1 -> 2 and of 2 -> 1 (first 0: no such record); who began, and how sure it is. */
Test(match, who_began_by_tcp_flags)
{
	static const struct {
		uint16_t flags_a;
		uint64_t first_a;
		uint16_t flags_b;
		uint64_t first_b;
		gboolean a_began, sure;
	} rows[] = {
		{ SYN | ACK, 10, SYN | ACK, 20, TRUE, TRUE },   /* a handshake: who was first */
		{ SYN | ACK, 20, SYN | ACK, 10, FALSE, TRUE },
		{ SYN, 10, RST | ACK, 20, TRUE, TRUE },         /* refused */
		{ RST | ACK, 10, SYN, 20, FALSE, TRUE },        /* SYN tells more than the time */
		{ SYN | ACK, 10, SYN, 20, FALSE, TRUE },
		{ SYN, 20, SYN, 10, FALSE, TRUE },              /* simultaneous open */
		{ ACK, 10, ACK, 20, TRUE, FALSE },              /* in the middle */
		{ ACK, 20, ACK, 10, FALSE, FALSE },
		{ SYN, 10, 0, 0, TRUE, TRUE },                  /* unanswered */
		{ SYN | ACK, 10, 0, 0, TRUE, FALSE },           /* who began, or who answered: not known */
		{ ACK, 10, 0, 0, TRUE, FALSE },
	};

	for (guint swap = 0; swap < 2; swap++) {
		for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
			World w = world_new();
			uint8_t a = swap ? 9 : 1, b = 5; /* a is the low end, or the high one */

			add(&w, tcp(a, b, rows[i].flags_a, rows[i].first_a));
			if (rows[i].first_b)
				add(&w, tcp(b, a, rows[i].flags_b, rows[i].first_b));
			run(&w);
			if (rows[i].first_b)
				assert_pair(&w, 0, 1);
			else
				assert_alone(&w, 0);
			cr_assert_eq(w.entries[0].began, rows[i].a_began, "row %u", i);
			cr_assert_eq(w.entries[0].direction,
				     !rows[i].sure    ? NFP_BIFLOW_ARBITRARY :
				     rows[i].a_began ? NFP_BIFLOW_INITIATOR :
						       NFP_BIFLOW_REVERSE_INITIATOR,
				     "row %u", i);
			world_clear(&w);
		}
	}
}

Test(match, the_first_seen_begins_without_tcp)
{
	World w = world_new();

	add(&w, udp(1, 2, 20));
	add(&w, udp(2, 1, 10));
	add(&w, udp(3, 4, 30));
	add(&w, udp(5, 6, 30));
	add(&w, udp(6, 5, 30));
	run(&w);
	assert_pair(&w, 0, 1);
	cr_assert(w.entries[1].began && w.entries[1].direction == NFP_BIFLOW_INITIATOR);
	assert_alone(&w, 2);
	cr_assert_eq(w.entries[2].direction, NFP_BIFLOW_INITIATOR);
	assert_pair(&w, 3, 4);
	cr_assert_eq(w.entries[3].direction, NFP_BIFLOW_ARBITRARY, "at the same time");
	world_clear(&w);
}

/* RFC 5103: a flow keeps its direction, whatever a bucket has of it. */
Test(match, the_direction_is_kept_over_buckets)
{
	World w = world_new();

	add(&w, tcp(1, 2, SYN, 10)); /* alone, for the bucket ends */
	add(&w, udp(3, 4, 10));
	run(&w);
	next(&w);
	add(&w, tcp(2, 1, SYN | ACK, 10)); /* here the answer is first */
	add(&w, tcp(1, 2, ACK, 20));
	add(&w, udp(4, 3, 10));
	add(&w, udp(3, 4, 20));
	run(&w);
	assert_pair(&w, 0, 1);
	cr_assert(w.entries[1].began && w.entries[1].direction == NFP_BIFLOW_INITIATOR);
	assert_pair(&w, 2, 3);
	cr_assert(w.entries[3].began);
	next(&w);
	add(&w, tcp(2, 1, ACK, 10)); /* the answers alone stay a uniflow, which tells who began */
	add(&w, udp(4, 3, 10));
	run(&w);
	for (guint i = 0; i < 2; i++) {
		assert_alone(&w, i);
		cr_assert_eq(w.entries[i].direction, NFP_BIFLOW_REVERSE_INITIATOR);
	}
	next(&w);
	add(&w, tcp(1, 2, SYN | ACK, 20)); /* a SYN sent again does not turn it */
	add(&w, tcp(2, 1, SYN | ACK, 10));
	run(&w);
	cr_assert(w.entries[0].began && w.entries[0].direction == NFP_BIFLOW_INITIATOR);
	next(&w);
	add(&w, tcp(2, 1, SYN, 10)); /* a new connection the other way does */
	add(&w, tcp(1, 2, RST | ACK, 20));
	run(&w);
	cr_assert(w.entries[0].began && w.entries[0].direction == NFP_BIFLOW_INITIATOR);
	world_clear(&w);
}

Test(match, what_was_a_guess_gives_way_to_a_handshake)
{
	World w = world_new();

	add(&w, tcp(1, 2, ACK, 10));
	add(&w, tcp(2, 1, ACK, 20));
	run(&w);
	cr_assert_eq(w.entries[0].direction, NFP_BIFLOW_ARBITRARY);
	next(&w);
	add(&w, tcp(2, 1, ACK, 10));
	run(&w);
	cr_assert_eq(w.entries[0].direction, NFP_BIFLOW_ARBITRARY);
	cr_assert_not(w.entries[0].began, "a guess is kept, too");
	next(&w);
	add(&w, tcp(2, 1, SYN | ACK, 10));
	add(&w, tcp(1, 2, SYN | ACK, 20));
	run(&w);
	cr_assert(w.entries[0].began && w.entries[0].direction == NFP_BIFLOW_INITIATOR);
	world_clear(&w);
}

static NfpRecord at(NfpRecord record, uint32_t ifindex, uint8_t direction)
{
	record.ifindex = ifindex;
	record.direction = direction;
	return record;
}

/* A router, both directions of both interfaces: what came in with what came in, what left with what left. */
Test(match, a_router_pairs_in_with_in_and_out_with_out)
{
	World w = world_new();

	add(&w, at(udp(1, 2, 10), 1, 0));
	add(&w, at(udp(1, 2, 11), 2, 1));
	add(&w, at(udp(2, 1, 20), 1, 1));
	add(&w, at(udp(2, 1, 19), 2, 0));
	run(&w);
	assert_pair(&w, 0, 3);
	assert_pair(&w, 1, 2);
	cr_assert(w.entries[0].began && w.entries[1].began);
	world_clear(&w);
}

Test(match, a_host_pairs_out_with_in)
{
	World w = world_new();

	add(&w, at(udp(1, 2, 10), 1, 1));
	add(&w, at(udp(2, 1, 20), 1, 0));
	/* Of two interfaces: each by itself. */
	add(&w, at(udp(3, 4, 10), 1, 1));
	add(&w, at(udp(3, 4, 10), 2, 1));
	add(&w, at(udp(4, 3, 20), 2, 0));
	add(&w, at(udp(4, 3, 20), 1, 0));
	/* And whatever is left. */
	add(&w, at(udp(5, 6, 10), 1, 1));
	add(&w, at(udp(6, 5, 20), 2, 0));
	add(&w, at(udp(6, 5, 20), 3, 0));
	run(&w);
	assert_pair(&w, 0, 1);
	assert_pair(&w, 2, 5);
	assert_pair(&w, 3, 4);
	assert_pair(&w, 6, 7);
	assert_alone(&w, 8);
	cr_assert_eq(w.entries[8].direction, NFP_BIFLOW_REVERSE_INITIATOR);
	world_clear(&w);
}

static NfpRecord marked(NfpRecord record, uint16_t vlan, uint8_t dscp)
{
	if (vlan)
		record.have |= NFP_HAVE_VLAN;
	record.vlan_id = vlan;
	record.dscp = dscp;
	return record;
}

Test(match, vlans_and_classes_find_their_like_first)
{
	World w = world_new();

	add(&w, marked(udp(1, 2, 10), 10, 0));
	add(&w, marked(udp(1, 2, 10), 20, 0));
	add(&w, marked(udp(1, 2, 10), 20, 46));
	add(&w, marked(udp(2, 1, 20), 20, 46));
	add(&w, marked(udp(2, 1, 20), 20, 0));
	add(&w, marked(udp(2, 1, 20), 10, 0));
	/* Answers that are marked in another way. */
	add(&w, marked(udp(3, 4, 10), 0, 0));
	add(&w, marked(udp(4, 3, 20), 0, 8));
	add(&w, marked(udp(4, 3, 20), 0, 16));
	run(&w);
	assert_pair(&w, 0, 5);
	assert_pair(&w, 1, 4);
	assert_pair(&w, 2, 3);
	assert_pair(&w, 6, 7);
	assert_alone(&w, 8);
	world_clear(&w);
}

Test(match, who_asks_begins)
{
	World w = world_new();

	add(&w, nfp_test_icmp(0, 1, 2)); /* the answer first */
	add(&w, nfp_test_icmp(8, 2, 1));
	add(&w, nfp_test_icmp(8, 1, 2));
	add(&w, nfp_test_icmp(3, 1, 2));
	run(&w);
	assert_pair(&w, 0, 1);
	cr_assert(w.entries[1].began && w.entries[1].direction == NFP_BIFLOW_INITIATOR);
	assert_alone(&w, 2);
	cr_assert_eq(w.entries[2].direction, NFP_BIFLOW_INITIATOR);
	assert_alone(&w, 3);
	cr_assert_eq(w.entries[3].direction, NFP_BIFLOW_ARBITRARY);
	world_clear(&w);
}

Test(match, alone_is_as_if_nobody_answered)
{
	World w = world_new();
	NfpRecord syn = tcp(1, 2, SYN, 10), back = tcp(2, 1, ACK, 5), error = nfp_test_icmp(3, 1, 2);
	NfpPairEntry entry;

	nfp_directions_turn(w.directions, w.now, w.now + 60);
	nfp_matcher_enter(w.matcher, &syn, &entry);
	nfp_matcher_alone(w.matcher, &entry);
	cr_assert_eq(entry.direction, NFP_BIFLOW_INITIATOR);
	nfp_matcher_enter(w.matcher, &back, &entry);
	nfp_matcher_alone(w.matcher, &entry);
	cr_assert_eq(entry.direction, NFP_BIFLOW_REVERSE_INITIATOR);
	nfp_matcher_enter(w.matcher, &error, &entry);
	nfp_matcher_alone(w.matcher, &entry);
	cr_assert_eq(entry.direction, NFP_BIFLOW_ARBITRARY);
	world_clear(&w);
}

/* One flow in as many records as an attacker likes: as many pairs as there can be, in no more than n log n. */
Test(match, many_records_of_one_flow, .timeout = 60)
{
	const guint n = 200000;
	g_autofree NfpRecord *records = g_new(NfpRecord, n);
	g_autofree NfpPairEntry *entries = g_new(NfpPairEntry, n);
	g_autoptr(NfpDirections) directions = nfp_directions_new(64);
	g_autoptr(NfpMatcher) matcher = nfp_matcher_new(directions);
	uint64_t seed = 5;
	guint sides[2] = { 0 }, pairs = 0;

	for (guint i = 0; i < n; i++) {
		uint64_t r = nfp_test_random(&seed);

		records[i] = marked(r & 1 ? udp(1, 2, i) : udp(2, 1, i), 1 + (r >> 8) % 4094, (r >> 32) % 64);
		records[i] = at(records[i], 1 + (r >> 40) % 4, (r >> 48) & 1);
		nfp_matcher_enter(matcher, &records[i], &entries[i]);
		sides[r & 1]++;
	}
	nfp_matcher_run(matcher, entries, n);
	for (guint i = 0; i < n; i++) {
		if (entries[i].partner == NFP_PAIR_NONE)
			continue;
		cr_assert_eq(entries[entries[i].partner].partner, i);
		cr_assert_neq(entries[entries[i].partner].side, entries[i].side);
		pairs++;
	}
	cr_assert_eq(pairs, 2 * MIN(sides[0], sides[1]));
}
