/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The books from pins: live buckets, drained buckets, and a bucket that is in both for a moment. */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "app/ledger.h"
#include "harvest/account.h"
#include "support/metered.h"
#include "support/netns.h"

static void conf_init(NfpConf *conf)
{
	*conf = (NfpConf){ .instance = (char *)"ledger", .pin_root = (char *)NFPT_PIN_ROOT,
			   .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) };
}

static NfpLedger *ledger_of(const NfpConf *conf)
{
	g_autoptr(GError) error = NULL;
	NfpLedger *l = nfp_ledger_read(conf, &error);

	cr_assert_not_null(l, "%s", error ? error->message : "");
	return l;
}

/* Hooks, and no bucket that is open: packets go to the spill buckets. */
static NfpProbe *metered_to_spill(NfpConf *conf)
{
	NfpProbe *probe;
	NfpSource *source;

	nfpt_sandbox();
	conf_init(conf);
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("ledger", NULL, false);
	source = nfp_probe_source(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	source->close(source, nfpt_meter(probe));
	return probe;
}

/* packets: open, and nowhere else. */
static void check_open(const NfpConf *conf, uint64_t packets)
{
	NfpLedger *l = ledger_of(conf);

	cr_expect_eq(l->total.seen, packets, "%" PRIu64 " of %" PRIu64, l->total.seen, packets);
	cr_expect_eq(l->total.open, packets, "%" PRIu64 " of %" PRIu64, l->total.open, packets);
	cr_expect(l->balanced);
	nfp_ledger_free(l);
}

/* What the harvester does last with a bucket, up to unpinning it. */
static void book(NfpSource *source, struct nfp_bucket id)
{
	g_autoptr(NfpAccount) account = nfp_account_new(id);
	NfpHookRows rows = { 0 };

	cr_assert_eq(source->read_hooks(source, id, &rows), 0);
	for (size_t i = 0; i < rows.n; i++)
		nfp_account_hook(account, &rows.keys[i], &rows.rows[i]);
	for (int row = 0; row < NFP_P_N; row++) {
		NfpEntries entries = { 0 };

		cr_assert_eq(source->read(source, id, row, &entries), 0);
		for (size_t i = 0; i < entries.n; i++) {
			const struct nfp_key_meta *meta = (const void *)((const char *)entries.keys +
				(i + 1) * entries.key_size - sizeof(*meta));

			nfp_account_recorded(account, meta->ifindex, meta->flags, entries.values[i].packets);
		}
	}
	for (guint i = 0; i < nfp_account_n(account); i++) {
		struct nfp_books_key key;
		struct nfp_books_value value;

		nfp_account_get(account, i, &key, &value);
		cr_assert_eq(source->add_books(source, &key, &value), 0);
	}
}

Test(app_ledger, a_bucket_is_counted_once_on_its_way_into_the_books)
{
	struct nfp_bucket id;
	NfpProbe *probe;
	NfpSource *source;
	NfpLedger *l;
	NfpConf conf;
	uint64_t seen;

	nfpt_sandbox();
	conf_init(&conf);
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("ledger", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	l = ledger_of(&conf);
	seen = l->total.seen;
	cr_expect_geq(seen, 10);
	cr_expect_eq(l->total.open, seen);
	cr_expect_eq(l->total.recorded, 0);
	cr_expect(l->balanced);
	cr_expect_eq(l->hooks->len, 2);
	cr_expect_str_eq(g_array_index(l->hooks, NfpLedgerHook, 0).info.ifname, "a0");
	nfp_ledger_free(l);

	source = nfp_probe_source(probe);
	cr_assert_eq(source->close(source, id), 0);
	book(source, id);
	l = ledger_of(&conf);
	cr_expect_eq(l->total.seen, seen, "in the books and still pinned");
	cr_expect_eq(l->total.recorded, seen);
	cr_expect_eq(l->total.open, 0);
	cr_expect(l->balanced);
	nfp_ledger_free(l);
	cr_assert_eq(source->remove(source, id), 0);
	l = ledger_of(&conf);
	cr_expect_eq(l->total.seen, seen);
	cr_expect_eq(l->total.recorded, seen);
	cr_expect(l->balanced);
	nfp_ledger_free(l);
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}

Test(app_ledger, packets_between_buckets_are_open)
{
	NfpProbe *probe;
	NfpLedger *l;
	NfpConf conf;

	nfpt_sandbox();
	conf_init(&conf);
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("ledger", NULL, false);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	l = ledger_of(&conf);
	cr_expect_geq(l->total.seen, 3);
	cr_expect_eq(l->total.open, l->total.seen, "in the spill bucket: nobody set a clock");
	cr_expect(l->balanced);
	nfp_ledger_free(l);
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}

/* The spill buckets take turns: each is looked into once. */
Test(app_ledger, packets_in_either_spill_bucket_are_open)
{
	struct nfp_bucket id;
	NfpConf conf;
	NfpProbe *probe = metered_to_spill(&conf);
	NfpSource *source = nfp_probe_source(probe);

	for (uint64_t i = 1; i <= 3; i++) {
		nfpt_run("ping -q -c 4 -i 0.01 10.9.0.2");
		check_open(&conf, 8 * i);
		cr_assert_eq(source->swap_spill(source, i * 100, i * 100 + 50, &id), 1);
	}
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}

typedef struct {
	NfpSource *source;
	uint64_t since;
	int delay_us;
	int done;
} Swap;

static void *swap_later(void *data)
{
	Swap *swap = data;
	struct nfp_bucket id;
	int rc;

	g_usleep((gulong)swap->delay_us);
	rc = swap->source->swap_spill(swap->source, swap->since, swap->since + 50, &id);
	g_atomic_int_set(&swap->done, 1);
	return GINT_TO_POINTER(rc);
}

/* Whatever is under way while the books are read: a packet is open in one bucket, never in none or in two. */
Test(app_ledger, a_spill_bucket_that_moves_meanwhile_is_counted_once)
{
	NfpConf conf;
	NfpProbe *probe = metered_to_spill(&conf);
	NfpSource *source = nfp_probe_source(probe);

	for (uint64_t i = 1; i <= 20; i++) {
		Swap swap = { .source = source, .since = i * 100, .delay_us = (int)(i % 5) * 700 };
		GThread *thread;

		nfpt_run("ping -q -c 4 -i 0.01 10.9.0.2");
		thread = g_thread_new("swap", swap_later, &swap);
		for (int last = 0; !last;) {
			last = g_atomic_int_get(&swap.done);
			check_open(&conf, 8 * i);
		}
		cr_assert_eq(GPOINTER_TO_INT(g_thread_join(thread)), 1);
	}
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}

/* Killed half-way: nobody finishes it before a daemon runs, and the books are told all the same. */
Test(app_ledger, a_move_that_was_cut_off_is_not_waited_for_without_end)
{
	NfpConf conf;
	NfpProbe *probe = metered_to_spill(&conf);

	nfpt_run("ping -q -c 4 -i 0.01 10.9.0.2");
	nfpt_run("ln -s 0-100-150 %s/ledger/buckets/swap", NFPT_PIN_ROOT);
	check_open(&conf, 8);
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}

Test(app_ledger, nothing_pinned_is_a_sentence)
{
	g_autoptr(GError) error = NULL;
	NfpConf conf;

	nfpt_sandbox();
	conf_init(&conf);
	cr_expect_null(nfp_ledger_read(&conf, &error));
	cr_expect(g_str_has_prefix(error->message, "nothing is metered: "), "%s", error->message);
	g_array_unref(conf.interfaces);
}
