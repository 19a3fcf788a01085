/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/error.h"
#include "collector/spooler.h"
#include "store/spool.h"
#include "support/file_limit.h"
#include "support/sink.h"

#define S ((gint64)G_USEC_PER_SEC)

typedef struct {
	char *folder;
	NfpTemplateSet *set;
	NfpCollectorOptions options;
	NfpOutbox outbox;
	NfpSpooler *spooler;
	guint delivered;
} World;

static World *world_new(gboolean with_spool, uint64_t resend)
{
	World *world = g_new0(World, 1);

	world->folder = g_dir_make_tmp("nfprobe-spooler.XXXXXX", NULL);
	world->set = nfp_template_set_load(NULL, "standard", NULL);
	world->options = (NfpCollectorOptions){ .name = (char *)"c", .spool_size = 4 << 20, .resend = resend,
						.spool_path = with_spool ? world->folder : NULL };
	nfp_outbox_init(&world->outbox, 8, world->set);
	world->spooler = nfp_spooler_new(&world->options, TRUE, FALSE);
	cr_assert(nfp_spooler_open(world->spooler, NULL));
	return world;
}

static void world_restart(World *world)
{
	nfp_spooler_free(world->spooler);
	world->spooler = nfp_spooler_new(&world->options, TRUE, FALSE);
	cr_assert(nfp_spooler_open(world->spooler, NULL));
}

static void world_free(World *world)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", world->folder);

	nfp_spooler_free(world->spooler);
	nfp_outbox_clear(&world->outbox);
	umount2(world->folder, MNT_DETACH);
	g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
	nfp_template_set_free(world->set);
	g_free(world->folder);
	g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static void count_delivery(void *data)
{
	((World *)data)->delivered++;
}

static NfpOutboxEntry *entry(World *world, uint64_t first, uint32_t n, uint64_t end)
{
	g_autoptr(NfpDelivery) delivery = nfp_delivery_new(count_delivery, world);
	NfpOutboxEntry *made = g_new0(NfpOutboxEntry, 1);

	made->batch = nfp_sink_batch(0, first, n, delivery);
	made->end = end;
	return made;
}

static void randomise(NfpBatch *batch)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);

	for (uint32_t *at = (uint32_t *)batch->records; at < (uint32_t *)(batch->records + batch->n); at++)
		*at = g_rand_int(random);
	for (uint32_t i = 0; i < batch->n; i++)
		batch->records[i].have = ~(uint32_t)(NFP_HAVE_PLACES | NFP_HAVE_INTERFACES | NFP_HAVE_APPLICATION);
}

static NfpSpoolStatus status_of(const World *world)
{
	NfpSpoolStatus status;

	nfp_spooler_status(world->spooler, &status);
	return status;
}

/* flowId of the first record of what comes back; 0: nothing. */
static uint64_t next(World *world, gint64 now)
{
	g_autoptr(NfpOutboxEntry) got = nfp_spooler_next(world->spooler, now);

	return got ? got->batch->records[0].flow_id : 0;
}

/* A disk without room for what is new: what came from the spool is still the outbox's alone. */
Test(spooler, stored_batches_are_nobody_elses_when_the_rest_fails)
{
	g_autoptr(World) world = world_new(TRUE, 0);
	GQueue entries = G_QUEUE_INIT;

	world->options.spool_size = NFP_SPOOL_SIZE_MIN;
	world_restart(world);
	g_queue_push_tail(&entries, entry(world, 1, 10, 0));
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	g_queue_push_tail(&entries, nfp_spooler_next(world->spooler, S));
	cr_assert_eq(((NfpOutboxEntry *)entries.head->data)->batch->records[0].flow_id, 1);
	/* Longer than the file may be: no two records have a word in common. */
	g_queue_push_tail(&entries, entry(world, 100, 4096, 0));
	randomise(((NfpOutboxEntry *)entries.tail->data)->batch);
	cr_assert_not(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	cr_assert_eq(entries.length, 2);
	cr_assert_eq(next(world, 100 * S), 0);
	g_queue_clear_full(&entries, (GDestroyNotify)nfp_outbox_entry_free);
}

static NfpOutboxEntry *long_entry(World *world, uint64_t first)
{
	NfpOutboxEntry *made = entry(world, first, 1000, 0);

	randomise(made->batch);
	return made;
}

/* A spool that is full of what was being sent, and is no more: it is dropped for what is new, and counted once. */
Test(spooler, what_is_sent_no_more_makes_room)
{
	g_autoptr(World) world = world_new(TRUE, 0);
	GQueue entries = G_QUEUE_INIT;
	NfpOutboxEntry *got;
	guint in_it = 0;

	world->options.spool_size = NFP_SPOOL_SIZE_MIN;
	world_restart(world);
	while (status_of(world).dropped_records == 0) {
		g_queue_push_tail(&entries, long_entry(world, 1));
		cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
		in_it++;
	}
	in_it--;
	while ((got = nfp_spooler_next(world->spooler, S)))
		g_queue_push_tail(&entries, got);
	cr_assert_eq(entries.length, in_it);
	g_queue_push_tail(&entries, long_entry(world, 1));
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	cr_assert_eq(entries.length, 0);
	cr_assert_eq(status_of(world).dropped_records, 2000);
	cr_assert_eq(status_of(world).waiting, in_it * 1000);
	for (guint i = 0; i < in_it; i++) {
		got = nfp_spooler_next(world->spooler, S);
		cr_assert_not_null(got);
		nfp_outbox_entry_free(got);
	}
	cr_assert_null(nfp_spooler_next(world->spooler, S));
}

Test(spooler, stored_batches_hold_up_no_bucket)
{
	g_autoptr(World) world = world_new(TRUE, 0);
	GQueue entries = G_QUEUE_INIT;

	for (uint64_t i = 0; i < 3; i++)
		g_queue_push_tail(&entries, entry(world, 1 + i * 10, 10, 0));
	((NfpOutboxEntry *)entries.head->data)->counted = 4;
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	cr_assert_eq(entries.length, 0);
	cr_assert_eq(world->delivered, 3);
	cr_assert_eq(status_of(world).waiting, 30);
	cr_assert_gt(status_of(world).octets, 0);
	cr_assert_gt(status_of(world).oldest_ns, 0);

	world_restart(world);
	g_autofree char *news = nfp_spooler_news(world->spooler);
	cr_assert_not_null(strstr(news, "30 records of an earlier run"), "%s", news);
	nfp_spooler_flush(world->spooler, S); /* the one after the start */
	for (uint64_t i = 0; i < 3; i++) {
		NfpOutboxEntry *got = nfp_spooler_next(world->spooler, S);

		cr_assert_eq(got->batch->records[0].flow_id, 1 + i * 10);
		cr_assert_eq(got->batch->n, 10);
		cr_assert_eq(got->counted, i == 0 ? 4 : 0, "what was in the books stays there");
		nfp_spooler_arrived(world->spooler, got, S);
	}
	cr_assert_eq(next(world, S), 0);
	cr_assert_lt(nfp_spooler_flush(world->spooler, S), G_MAXINT64, "deleted later, together");
	nfp_spooler_flush(world->spooler, 10 * S);
	cr_assert_eq(status_of(world).waiting, 0);
	cr_assert_eq(status_of(world).octets, 0);
}

/* What was read and not delivered comes again after it was given back. */
Test(spooler, given_back)
{
	g_autoptr(World) world = world_new(TRUE, 0);
	GQueue entries = G_QUEUE_INIT;
	NfpOutboxEntry *first;

	for (uint64_t i = 1; i <= 3; i++)
		g_queue_push_tail(&entries, entry(world, i, 1, 0));
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	first = nfp_spooler_next(world->spooler, S);
	cr_assert_eq(next(world, S), 2);
	g_queue_push_tail(&entries, first);
	g_queue_push_tail(&entries, entry(world, 4, 1, 0));
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	cr_assert_eq(status_of(world).waiting, 4, "once in the file");
	for (uint64_t i = 1; i <= 4; i++)
		cr_assert_eq(next(world, S), i);
}

static NfpOutboxEntry *taken(World *world, uint32_t taken)
{
	NfpOutboxEntry *got = nfp_spooler_next(world->spooler, S);

	cr_assert_not_null(got);
	got->next = got->taken = got->counted = got->judged = taken;
	return got;
}

/* Where nobody acknowledges, what was taken leaves the file; when that cannot be written, it is remembered. */
Test(spooler, goes_on_behind_what_was_taken)
{
	g_autoptr(World) world = world_new(TRUE, 0);
	GQueue entries = G_QUEUE_INIT;
	NfpOutboxEntry *got;

	nfp_spooler_free(world->spooler);
	world->spooler = nfp_spooler_new(&world->options, FALSE, TRUE);
	cr_assert(nfp_spooler_open(world->spooler, NULL));
	g_queue_push_tail(&entries, entry(world, 1, 10, 0));
	((NfpOutboxEntry *)entries.tail->data)->taken = 10;
	g_queue_push_tail(&entries, entry(world, 101, 10, 0));
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	cr_assert_eq(status_of(world).waiting, 10, "all of the first was taken");
	g_queue_push_tail(&entries, taken(world, 3));
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	cr_assert_eq(status_of(world).waiting, 7);

	got = taken(world, 2);
	cr_assert_eq(got->batch->records[0].flow_id, 104);
	nfp_file_limit(0);
	g_queue_push_tail(&entries, got);
	nfp_spooler_store(world->spooler, &world->outbox, &entries, S);
	cr_assert_eq(entries.length, 0);
	cr_assert_eq(status_of(world).waiting, 7);
	cr_assert_neq(status_of(world).error[0], 0);
	nfp_file_limit(RLIM_INFINITY);
	got = nfp_spooler_next(world->spooler, 10 * S);
	cr_assert_eq(got->batch->n, 7);
	cr_assert_eq(got->next, 2);
	cr_assert_eq(got->taken, 2);
	got->taken = 7;
	nfp_spooler_note(world->spooler, &world->outbox, got);
	nfp_outbox_entry_free(got);
	cr_assert_eq(next(world, 10 * S), 0);
	nfp_spooler_flush(world->spooler, 20 * S);
	cr_assert_eq(status_of(world).waiting, 0);
}

static void resend_again(gboolean with_spool)
{
	g_autoptr(World) world = world_new(with_spool, 100);

	for (uint64_t i = 1; i <= 5; i++)
		nfp_spooler_arrived(world->spooler, entry(world, i, 2, i * 60), S);
	nfp_spooler_flush(world->spooler, S);
	cr_assert_eq(world->delivered, 5, "kept, and no bucket waits for that");
	cr_assert_eq(status_of(world).kept, 10);
	cr_assert_eq(status_of(world).waiting, 0);
	cr_assert_eq(next(world, S), 0);
	/* 100 octets back from 300: what ends at 200 or before is out of reach. */
	nfp_spooler_passed(world->spooler, 300);
	cr_assert_eq(status_of(world).kept, 4);
	nfp_spooler_ended(world->spooler, FALSE);
	cr_assert_eq(status_of(world).waiting, 4);
	cr_assert_eq(status_of(world).kept, 0);
	cr_assert_eq(next(world, S), 4);
	cr_assert_eq(next(world, S), 5);
	cr_assert_eq(next(world, S), 0);
}

Test(spooler, resend_from_memory)
{
	resend_again(FALSE);
}

Test(spooler, resend_from_disk)
{
	resend_again(TRUE);
}

/* After a long time away, with some that is kept as long as the session lasts: the disk gets back the rest. */
Test(spooler, file_gets_shorter_while_some_is_kept)
{
	g_autoptr(World) world = world_new(TRUE, 1000);
	g_autofree char *path = nfp_collector_spool_file(&world->options);
	GQueue entries = G_QUEUE_INIT;
	NfpOutboxEntry *got;
	struct stat before, after;
	gint64 now = S;

	world->options.spool_size = 64 << 20;
	world_restart(world);
	for (guint i = 0; i < 60; i++)
		g_queue_push_tail(&entries, long_entry(world, 1));
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, now));
	for (guint i = 1; (got = nfp_spooler_next(world->spooler, now)); i++) {
		got->end = i * 1000;
		nfp_spooler_arrived(world->spooler, got, now);
		nfp_spooler_passed(world->spooler, i * 1000);
	}
	cr_assert_eq(stat(path, &before), 0);
	cr_assert_gt(before.st_size, 8 << 20);
	for (gint64 then; (then = nfp_spooler_flush(world->spooler, now)) != G_MAXINT64; now = then)
		cr_assert_lt(now, 100 * S);
	cr_assert_eq(status_of(world).waiting, 0);
	cr_assert_eq(status_of(world).kept, 1000);
	cr_assert_eq(stat(path, &after), 0);
	cr_assert_lt(after.st_size, 4 << 20);
}

Test(spooler, nothing_again_after_a_good_end)
{
	g_autoptr(World) world = world_new(TRUE, 1000);

	nfp_spooler_arrived(world->spooler, entry(world, 1, 2, 60), S);
	nfp_spooler_flush(world->spooler, S);
	nfp_spooler_arrived(world->spooler, entry(world, 3, 2, 120), S);
	nfp_spooler_ended(world->spooler, TRUE);
	cr_assert_eq(status_of(world).kept, 0);
	cr_assert_eq(world->delivered, 2);
	world_restart(world);
	cr_assert_eq(next(world, S), 0);
}

/* We are killed: what was kept was never known to be read. */
Test(spooler, kept_outlives_us)
{
	g_autoptr(World) world = world_new(TRUE, 1000);

	nfp_spooler_arrived(world->spooler, entry(world, 7, 2, 60), S);
	nfp_spooler_flush(world->spooler, S);
	world_restart(world);
	cr_assert_eq(next(world, S), 7);
	cr_assert_eq(status_of(world).waiting, 2);
}

Test(spooler, disk_that_is_full_and_is_not_any_more)
{
	g_autoptr(World) world = world_new(FALSE, 0);
	GQueue entries = G_QUEUE_INIT;
	g_autofree char *news = NULL;
	g_autofree char *again = NULL;

	if (mount("tmpfs", world->folder, "tmpfs", 0, "size=700k") < 0)
		cr_skip_test("cannot mount a tmpfs: %s", g_strerror(errno));
	world->options.spool_path = world->folder;
	world_restart(world);
	for (uint64_t i = 0; i < 40; i++)
		g_queue_push_tail(&entries, entry(world, 1 + i * 1000, 1000, 0));
	cr_assert_not(nfp_spooler_store(world->spooler, &world->outbox, &entries, S));
	cr_assert_gt(entries.length, 0);
	cr_assert_eq(world->delivered + entries.length, 40, "what is not there is still ours");
	cr_assert_not(nfp_spooler_is_usable(world->spooler, S));
	cr_assert_neq(status_of(world).error[0], 0);
	news = nfp_spooler_news(world->spooler);
	cr_assert_not_null(strstr(news, g_strerror(ENOSPC)), "%s", news);

	cr_assert_eq(mount("tmpfs", world->folder, "tmpfs", MS_REMOUNT, "size=20m"), 0);
	cr_assert_not(nfp_spooler_store(world->spooler, &world->outbox, &entries, 2 * S), "not asked all the time");
	cr_assert(nfp_spooler_store(world->spooler, &world->outbox, &entries, 10 * S));
	cr_assert_eq(world->delivered, 40);
	again = nfp_spooler_news(world->spooler);
	cr_assert_str_eq(again, "the spool is usable again");
	cr_assert_eq(status_of(world).error[0], 0);
	cr_assert_eq(status_of(world).waiting, 40000);
}

Test(spooler, no_place_for_it_stops_nothing)
{
	g_autoptr(World) world = world_new(FALSE, 0);
	g_autofree char *news = NULL;

	world->options.spool_path = (char *)"/proc/nowhere";
	world_restart(world);
	news = nfp_spooler_news(world->spooler);
	cr_assert_not_null(strstr(news, "not usable"), "%s", news);
	cr_assert_null(nfp_spooler_next(world->spooler, S));
}

Test(spooler, one_file_for_one)
{
	g_autoptr(World) world = world_new(TRUE, 0);
	g_autoptr(NfpSpooler) other = nfp_spooler_new(&world->options, TRUE, FALSE);
	g_autoptr(GError) err = NULL;

	cr_assert_not(nfp_spooler_open(other, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
}
