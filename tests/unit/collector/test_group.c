/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "collector/group.h"
#include "support/sink.h"

#define S G_USEC_PER_SEC
#define FLOWS 2000

/* A member that takes up to `room` batches, keeps or delivers them, and counts flowIds that were delivered. */
typedef struct Fake {
	gboolean up, keeps;
	guint room;
	GQueue kept;
	uint8_t got[FLOWS + 1];
	guint records, published;
	struct Fake *gives_up; /* when this one gets something; or NULL */
} Fake;

typedef struct {
	Fake fakes[4];
	NfpGroup *group;
	guint delivered; /* of the harvester's batches */
	guint batches;
	gint64 now;
} World;

static void deliver(Fake *fake, NfpBatch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		fake->got[batch->records[i].flow_id]++;
		fake->records++;
	}
	nfp_batch_unref(batch);
}

static void refuse_all(Fake *fake);

static void fake_publish(void *data, NfpBatch *batch)
{
	Fake *fake = data;
	NfpBatch *reference = nfp_batch_ref(batch);

	fake->published++;
	if (fake->gives_up)
		refuse_all(fake->gives_up);
	if (!fake->keeps) {
		deliver(fake, reference);
	} else if (fake->kept.length < fake->room) {
		g_queue_push_tail(&fake->kept, reference);
	} else {
		nfp_batch_miss(reference);
		nfp_batch_unref(reference);
	}
}

static gboolean fake_up(void *data)
{
	return ((Fake *)data)->up;
}

static void come(Fake *fake)
{
	NfpBatch *batch;

	fake->up = TRUE;
	fake->keeps = FALSE;
	while ((batch = g_queue_pop_head(&fake->kept)))
		deliver(fake, batch);
}

static void go(Fake *fake, guint room)
{
	fake->up = FALSE;
	fake->keeps = TRUE;
	fake->room = room;
}

/* As a collector that stops. */
static void refuse_all(Fake *fake)
{
	NfpBatch *batch;

	while ((batch = g_queue_pop_head(&fake->kept))) {
		nfp_batch_miss(batch);
		nfp_batch_unref(batch);
	}
}

static World *world_new(NfpGroupPolicy policy, guint n)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	World *w = g_new0(World, 1);
	NfpGroupMember members[4];
	NfpGroupOptions options = { .policy = policy, .down_after = 10000000000, .back_after = 60000000000 };

	for (guint i = 0; i < n; i++) {
		w->fakes[i].up = TRUE;
		members[i] = (NfpGroupMember){ .data = &w->fakes[i], .name = names[i], .publish = fake_publish,
					       .up = fake_up };
	}
	w->now = 1000 * S;
	w->group = nfp_group_new(&options, members, n, w->now);
	return w;
}

static void count_delivered(void *data)
{
	((World *)data)->delivered++;
}

/* n records with flowIds from `first` on. */
static void publish(World *w, uint32_t first, uint32_t n)
{
	g_autoptr(NfpDelivery) delivery = nfp_delivery_new(count_delivered, w);
	g_autoptr(NfpBatch) batch = nfp_sink_batch(0, first, n, delivery);

	for (uint32_t i = 0; i < n; i++) /* pairs of hosts of their own; every second is the way back */
		for (guint side = 0; side < 2; side++) {
			uint8_t *to = (i & 1) == side ? batch->records[i].src4 : batch->records[i].dst4;

			to[0] = side ? 10 : 192;
			to[1] = 0;
			to[2] = (uint8_t)((first + i) / 2 >> 8);
			to[3] = (uint8_t)((first + i) / 2);
		}
	w->batches++;
	nfp_group_publish(w->group, batch, w->now);
}

static void pass(World *w, gint64 seconds)
{
	for (gint64 i = 0; i < seconds; i++) {
		w->now += S;
		nfp_group_step(w->group, w->now);
	}
}

static void end(World *w)
{
	nfp_group_close(w->group);
	for (guint i = 0; i < G_N_ELEMENTS(w->fakes); i++)
		refuse_all(&w->fakes[i]);
	nfp_group_free(w->group);
	cr_assert_eq(w->delivered, w->batches, "every reference was given back");
	g_free(w);
}

static guint active(World *w)
{
	NfpGroupStatus status;

	nfp_group_status(w->group, &status);
	return status.active;
}

/* Flows [0, n) that no member has. */
static guint missing(const World *w, guint n)
{
	guint count = 0;

	for (guint i = 0; i < n; i++)
		count += !(w->fakes[0].got[i] || w->fakes[1].got[i] || w->fakes[2].got[i] || w->fakes[3].got[i]);
	return count;
}

Test(group, mirror)
{
	World *w = world_new(NFP_GROUP_MIRROR, 2);

	publish(w, 0, 100);
	cr_assert_eq(w->fakes[0].records, 100);
	cr_assert_eq(w->fakes[1].records, 100);
	end(w);
}

Test(group, balance_gives_each_record_to_one_and_both_directions_to_the_same)
{
	World *w = world_new(NFP_GROUP_BALANCE, 3);

	for (uint32_t i = 0; i < FLOWS; i += 500)
		publish(w, i, 500);
	cr_assert_eq(w->fakes[0].records + w->fakes[1].records + w->fakes[2].records, FLOWS);
	for (guint i = 0; i < FLOWS; i += 2)
		for (guint j = 0; j < 3; j++)
			cr_assert_eq(w->fakes[j].got[i], w->fakes[j].got[i + 1]);
	for (guint j = 0; j < 3; j++)
		cr_assert_gt(w->fakes[j].records, FLOWS / 4);
	cr_assert_eq(w->delivered, w->batches);
	end(w);
}

/* A member that is away keeps its share, and with it the bucket; the others have theirs. */
Test(group, balance_waits_for_who_is_away)
{
	World *w = world_new(NFP_GROUP_BALANCE, 2);

	go(&w->fakes[0], 100);
	publish(w, 0, 1000);
	cr_assert_gt(w->fakes[1].records, 0);
	cr_assert_eq(w->delivered, 0);
	pass(w, 1000);
	come(&w->fakes[0]);
	cr_assert_eq(w->fakes[0].records + w->fakes[1].records, 1000);
	cr_assert_eq(w->delivered, 1);
	cr_assert_eq(missing(w, 1000), 0);
	end(w);
}

Test(group, failover_and_back)
{
	World *w = world_new(NFP_GROUP_FAILOVER, 3);
	NfpGroupStatus status;

	pass(w, 1);
	publish(w, 0, 100);
	cr_assert_eq(w->fakes[0].records, 100);
	cr_assert_eq(w->delivered, 1);
	go(&w->fakes[0], 100);
	publish(w, 100, 100);
	pass(w, 9);
	cr_assert_eq(active(w), 0);
	cr_assert_eq(w->fakes[1].records, 0);
	pass(w, 1);
	cr_assert_eq(active(w), 1, "after ten");
	cr_assert_eq(w->fakes[1].records, 100, "what waited at the first is with the second");
	publish(w, 200, 100);
	cr_assert_eq(w->fakes[1].records, 200);
	cr_assert_eq(missing(w, 300), 0);

	come(&w->fakes[0]);
	cr_assert_eq(w->fakes[0].got[150], 1, "it gets what waited too: a duplicate");
	pass(w, 60);
	cr_assert_eq(active(w), 1);
	publish(w, 300, 100);
	pass(w, 1);
	cr_assert_eq(active(w), 0, "back after a minute");
	publish(w, 400, 100);
	cr_assert_eq(w->fakes[1].records, 300);
	cr_assert_eq(missing(w, 500), 0);
	cr_assert_eq(w->fakes[2].published, 0);
	nfp_group_status(w->group, &status);
	cr_assert_eq(status.switches, 2);
	cr_assert_eq(status.moved, 1);
	cr_assert_eq(status.pending, 0);
	cr_assert_eq(w->delivered, w->batches);
	end(w);
}

/* A short absence changes nothing; one that comes and goes is not taken back. */
Test(group, failover_is_patient)
{
	World *w = world_new(NFP_GROUP_FAILOVER, 2);

	pass(w, 1);
	for (guint i = 0; i < 5; i++) {
		go(&w->fakes[0], 100);
		pass(w, 9);
		come(&w->fakes[0]);
		pass(w, 1);
		cr_assert_eq(active(w), 0);
	}
	go(&w->fakes[0], 100);
	pass(w, 12);
	cr_assert_eq(active(w), 1);
	for (guint i = 0; i < 5; i++) {
		come(&w->fakes[0]);
		pass(w, 59);
		go(&w->fakes[0], 100);
		pass(w, 1);
		cr_assert_eq(active(w), 1);
	}
	end(w);
}

/* What the first refuses before it is given up goes to the next at once; what all refuse is counted. */
Test(group, failover_of_what_is_refused)
{
	World *w = world_new(NFP_GROUP_FAILOVER, 3);
	NfpGroupStatus status;

	pass(w, 1);
	go(&w->fakes[0], 1);
	publish(w, 0, 100);
	publish(w, 100, 100);
	cr_assert_eq(w->fakes[0].kept.length, 1);
	cr_assert_eq(w->fakes[1].got[150], 1);
	go(&w->fakes[1], 0);
	go(&w->fakes[2], 1);
	publish(w, 200, 100);
	cr_assert_eq(w->fakes[2].kept.length, 1);
	publish(w, 300, 100);
	nfp_group_status(w->group, &status);
	cr_assert_eq(status.lost_records, 100);
	cr_assert_eq(status.lost_packets, 100);
	come(&w->fakes[0]);
	come(&w->fakes[2]);
	cr_assert_eq(missing(w, 400), 100, "the counted ones");
	cr_assert_eq(w->delivered, w->batches);
	end(w);
}

/* The member that is left gives up what it has while that is moved: it has moved once, and is not counted as lost. */
Test(group, failover_from_one_that_gives_up_meanwhile)
{
	World *w = world_new(NFP_GROUP_FAILOVER, 2);
	NfpGroupStatus status;

	pass(w, 1);
	go(&w->fakes[0], 100);
	for (uint32_t i = 0; i < 3; i++)
		publish(w, i * 100, 100);
	w->fakes[1].keeps = TRUE;
	w->fakes[1].room = 100;
	w->fakes[1].gives_up = &w->fakes[0];
	pass(w, 11);
	cr_assert_eq(active(w), 1);
	come(&w->fakes[1]);
	nfp_group_status(w->group, &status);
	cr_assert_eq(missing(w, 300), 0);
	cr_assert_eq(status.lost_records, 0);
	cr_assert_eq(status.moved, 3);
	cr_assert_eq(status.pending, 0);
	cr_assert_eq(w->delivered, w->batches);
	end(w);
}

/* Packets of both directions. */
Test(group, failover_counts_biflows_that_are_lost)
{
	World *w = world_new(NFP_GROUP_FAILOVER, 1);
	g_autoptr(NfpBatch) batch = nfp_sink_batch(0, 0, 10, NULL);
	NfpGroupStatus status;

	go(&w->fakes[0], 0);
	for (guint i = 0; i < 10; i++) {
		batch->records[i].have |= NFP_HAVE_BIFLOW | NFP_HAVE_REVERSE;
		batch->records[i].rev_packets = 2;
	}
	nfp_group_publish(w->group, batch, w->now);
	nfp_group_status(w->group, &status);
	cr_assert_eq(status.lost_records, 10);
	cr_assert_eq(status.lost_packets, 30);
	end(w);
}

/* Two that are away, one that is there: it gets everything; none: it waits for the first that comes. */
Test(group, failover_with_most_away)
{
	World *w = world_new(NFP_GROUP_FAILOVER, 3);

	go(&w->fakes[0], 100);
	go(&w->fakes[1], 100);
	pass(w, 11);
	publish(w, 0, 100);
	cr_assert_eq(w->fakes[2].records, 100);
	cr_assert_eq(w->delivered, 1);
	go(&w->fakes[2], 100);
	publish(w, 100, 100);
	pass(w, 100);
	cr_assert_eq(missing(w, 200), 100);
	come(&w->fakes[1]);
	pass(w, 1);
	cr_assert_eq(active(w), 1);
	cr_assert_eq(missing(w, 200), 0);
	end(w);
}

/* Members come and go, keep and refuse, at random: every flow is with somebody or counted. */
Test(group, failover_loses_nothing)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(4);

	for (guint round = 0; round < 200; round++) {
		World *w = world_new(NFP_GROUP_FAILOVER, 3);
		NfpGroupStatus status;
		uint32_t next = 0;

		while (next < FLOWS) {
			Fake *fake = &w->fakes[g_rand_int_range(random, 0, 3)];

			switch (g_rand_int_range(random, 0, 5)) {
			case 0:
				come(fake);
				break;
			case 1:
				go(fake, (guint)g_rand_int_range(random, 0, 4));
				break;
			case 2:
				pass(w, g_rand_int_range(random, 0, 90));
				break;
			default:
				publish(w, next, 50);
				next += 50;
				break;
			}
		}
		for (guint i = 0; i < 3; i++)
			come(&w->fakes[i]);
		pass(w, 2);
		nfp_group_status(w->group, &status);
		cr_assert_eq(missing(w, FLOWS), status.lost_records, "round %u", round);
		cr_assert_eq(status.pending, 0);
		cr_assert_eq(w->delivered, w->batches);
		end(w);
	}
}

/* What a member refuses while all stop goes nowhere: the harvester's buckets are still there. */
Test(group, closed)
{
	World *w = world_new(NFP_GROUP_FAILOVER, 2);

	pass(w, 1);
	go(&w->fakes[0], 10);
	publish(w, 0, 10);
	nfp_group_close(w->group);
	refuse_all(&w->fakes[0]);
	pass(w, 20);
	cr_assert_eq(w->fakes[1].published, 0);
	cr_assert_eq(w->delivered, 1);
	end(w);
}
