/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces that match, that come later, that go and come back; one that fails does not stop the rest. */
#include <criterion/criterion.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "app/meter.h"
#include "support/netns.h"
#include "support/xdp_other.h"

typedef struct {
	NfpConf conf;
	NfpDomain domain;
	NfpMeter *meter;
} World;

static void world_init(World *w, const char *match)
{
	NfpInterfaceOptions o = { .match = (char *)match, .direction = NFP_DIRECTION_BOTH };
	g_autoptr(GError) error = NULL;

	*w = (World){
		.conf = { .instance = (char *)"meter", .pin_root = (char *)NFPT_PIN_ROOT,
			  .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) },
		.domain = { .instance = (char *)"meter" },
	};
	if (match)
		g_array_append_val(w->conf.interfaces, o);
	w->meter = nfp_meter_new(&w->conf, &w->domain, &error);
	cr_assert_not_null(w->meter, "%s", error ? error->message : "");
}

static void world_clear(World *w)
{
	nfp_meter_free(w->meter);
	g_array_unref(w->conf.interfaces);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "a0 a0 a1": an attached hook each. */
static char *attached(World *w)
{
	g_autoptr(GArray) hooks = g_array_new(FALSE, TRUE, sizeof(NfpHookInfo));
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	nfp_probe_hooks(nfp_meter_probe(w->meter), hooks);
	for (guint i = 0; i < hooks->len; i++) {
		char *name = g_array_index(hooks, NfpHookInfo, i).ifname;

		if (*name)
			g_ptr_array_add(names, name);
	}
	g_ptr_array_sort(names, by_name);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(" ", (char **)names->pdata);
}

static gboolean too_late(gpointer data)
{
	*(gboolean *)data = TRUE;
	return G_SOURCE_REMOVE;
}

/* Runs the main loop until the hooks are those. */
static void wait_for(World *w, const char *want)
{
	gboolean late = FALSE;
	guint timer = g_timeout_add_seconds(20, too_late, &late);

	for (;;) {
		g_autofree char *now = attached(w);

		if (g_str_equal(now, want))
			break;
		cr_assert_not(late, "waited for \"%s\", there is \"%s\"", want, now);
		g_main_context_iteration(NULL, TRUE);
	}
	g_source_remove(timer);
}

Test(app_meter, later_gone_and_back)
{
	World w;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	world_init(&w, "a*");
	cr_expect_eq(nfp_meter_start(w.meter, NULL), 1);
	wait_for(&w, "a0 a0");
	nfpt_wire("a1", "peer", "b1");
	wait_for(&w, "a0 a0 a1 a1");
	nfpt_run("ip link del a0");
	wait_for(&w, "a1 a1");
	nfpt_wire("a0", "peer", "b0");
	wait_for(&w, "a0 a0 a1 a1");
	world_clear(&w);
}

Test(app_meter, without_a_list_what_is_up)
{
	World w;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("ip link add down0 type veth peer name down1");
	world_init(&w, NULL);
	cr_expect_eq(nfp_meter_start(w.meter, NULL), 1, "no loopback, nothing that is down");
	wait_for(&w, "a0");
	nfpt_run("ip link set down0 up");
	wait_for(&w, "a0 down0");
	world_clear(&w);
}

Test(app_meter, nothing_matches_is_no_error)
{
	g_autoptr(GError) error = NULL;
	World w;

	nfpt_sandbox();
	world_init(&w, "eth[0-9]");
	cr_expect_eq(nfp_meter_start(w.meter, &error), 0);
	cr_expect_null(error);
	world_clear(&w);
}

/* While nobody listened one went, and another came that got its number. */
Test(app_meter, back_with_the_same_index)
{
	g_autofree char *add = NULL;
	uint32_t ifindex;
	World w;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	ifindex = if_nametoindex("a0");
	add = g_strdup_printf("ip link add a0 index %u type veth peer name again0", ifindex);
	world_init(&w, "a[0-9]");
	cr_expect_eq(nfp_meter_start(w.meter, NULL), 1);
	nfpt_run("ip link del a0");
	nfpt_run("%s", add);
	wait_for(&w, "a0 a0");
	world_clear(&w);
}

/* Nor does the program stay on an interface that went into another namespace, where its number means another. */
Test(app_meter, not_in_another_namespace)
{
	g_autofree char *links = NULL;
	World w;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	world_init(&w, "a*");
	cr_expect_eq(nfp_meter_start(w.meter, NULL), 1);
	nfpt_run("ip link set a0 netns peer");
	g_main_context_iteration(NULL, TRUE);
	wait_for(&w, "");
	links = nfpt_output("find %s/meter/links -type f", NFPT_PIN_ROOT);
	cr_expect_str_empty(links);
	world_clear(&w);
}

/* A bridge without ports is metered, until its first port is: else that port's packets count twice. */
Test(app_meter, a_bridge_that_gets_a_port)
{
	World w;

	nfpt_sandbox();
	nfpt_run("ip link add br0 type bridge");
	nfpt_run("ip link set br0 up");
	world_init(&w, NULL);
	nfp_meter_start(w.meter, NULL);
	wait_for(&w, "br0");
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("ip link set a0 master br0");
	wait_for(&w, "a0");
	nfpt_run("ip link set a0 nomaster");
	wait_for(&w, "a0 br0");
	world_clear(&w);
}

Test(app_meter, one_daemon_drains)
{
	g_autoptr(GError) error = NULL;
	World w;

	nfpt_sandbox();
	world_init(&w, NULL);
	cr_expect_null(nfp_meter_new(&w.conf, &w.domain, &error));
	cr_expect(strstr(error->message, "another nfprobe drains"), "%s", error->message);
	world_clear(&w);
}

/* By its new name another rule may mean it, or none. */
Test(app_meter, renamed)
{
	NfpInterfaceOptions in = { .match = (char *)"in*", .direction = NFP_DIRECTION_INGRESS };
	World w;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	world_init(&w, "a*");
	g_array_append_val(w.conf.interfaces, in);
	cr_expect_eq(nfp_meter_start(w.meter, NULL), 1);
	wait_for(&w, "a0 a0");
	nfpt_run("ip link set a0 down name a1");
	wait_for(&w, "a1 a1");
	nfpt_run("ip link set a1 name in0");
	wait_for(&w, "in0");
	nfpt_run("ip link set in0 name other");
	wait_for(&w, "");
	nfpt_run("ip link set other name a7");
	wait_for(&w, "a7 a7");
	world_clear(&w);
}

/* From one namespace to another and back, with the daemon in both. */
Test(app_meter, moved_to_a_namespace_that_is_metered_too)
{
	NfpInterfaceOptions there = { .match = (char *)"a*", .netns = (char *)"peer", .direction = NFP_DIRECTION_INGRESS };
	World w;
	World peer = { .domain = { .instance = (char *)"meter@peer", .netns = (char *)"peer", .domain = 1 } };

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	world_init(&w, "a*");
	g_array_append_val(w.conf.interfaces, there);
	peer.meter = nfp_meter_new(&w.conf, &peer.domain, NULL);
	cr_assert_not_null(peer.meter);
	nfp_meter_start(w.meter, NULL);
	nfp_meter_start(peer.meter, NULL);
	wait_for(&w, "a0 a0");
	nfpt_run("ip link set a0 netns peer");
	wait_for(&w, "");
	wait_for(&peer, "a0");
	nfpt_run("ip -n peer link set a0 netns $$");
	wait_for(&peer, "");
	wait_for(&w, "a0 a0");
	nfp_meter_free(peer.meter);
	world_clear(&w);
}

static char *sorted(GPtrArray *lines)
{
	g_ptr_array_sort(lines, by_name);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv(", ", (char **)lines->pdata);
}

/* want_failed, want_warned: what those have to hold. Returns how many were kept. */
static guint64 change_with(World *w, const NfpConf *conf, const char *want, const char *want_failed, const char *want_warned)
{
	g_autoptr(GPtrArray) done = g_ptr_array_new_with_free_func(g_free), failed = g_ptr_array_new_with_free_func(g_free),
			     warnings = g_ptr_array_new_with_free_func(g_free);
	NfpMeterChange to = { .done = done, .failed = failed, .warnings = warnings };
	g_autofree char *text = NULL, *failures = NULL, *warned = NULL;

	cr_assert(nfp_meter_try(w->meter, conf, NULL));
	nfp_meter_change(w->meter, conf, &to);
	text = sorted(done);
	failures = sorted(failed);
	cr_expect_str_eq(text, want);
	cr_expect(*want_failed ? strstr(failures, want_failed) != NULL : !*failures, "%s", failures);
	warned = sorted(warnings);
	cr_expect(*want_warned ? strstr(warned, want_warned) != NULL : !*warned, "%s", warned);
	return to.kept;
}

static guint64 change(World *w, const NfpConf *conf, const char *want)
{
	return change_with(w, conf, want, "", "");
}

static NfpConf other_conf(const World *w, const char *match, NfpDirection direction)
{
	NfpInterfaceOptions o = { .match = (char *)match, .direction = direction };
	NfpConf conf = w->conf;

	conf.interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions));
	if (match)
		g_array_append_val(conf.interfaces, o);
	return conf;
}

Test(app_meter, another_configuration)
{
	NfpConf same, narrower, fewer, all;
	World w;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_wire("c0", "peer", "d0");
	world_init(&w, "[ac]0");
	cr_expect_eq(nfp_meter_start(w.meter, NULL), 2);
	wait_for(&w, "a0 a0 c0 c0");
	same = other_conf(&w, "?0", NFP_DIRECTION_BOTH);
	cr_expect_eq(change(&w, &same, ""), 2, "other words for the same hooks");
	narrower = other_conf(&w, "?0", NFP_DIRECTION_EGRESS);
	cr_expect_eq(change(&w, &narrower, "a0: attached, c0: attached"), 0);
	wait_for(&w, "a0 c0");
	fewer = other_conf(&w, "c*", NFP_DIRECTION_EGRESS);
	cr_expect_eq(change(&w, &fewer, "a0: detached"), 1);
	wait_for(&w, "c0");
	all = other_conf(&w, NULL, NFP_DIRECTION_INGRESS);
	cr_expect_eq(change(&w, &all, "a0: attached, c0: attached"), 0);
	wait_for(&w, "a0 c0");
	g_array_unref(same.interfaces);
	g_array_unref(narrower.interfaces);
	g_array_unref(fewer.interfaces);
	g_array_unref(all.interfaces);
	world_clear(&w);
}

/* A hook that somebody else has: as it was, both directions of it, until it can be had. */
Test(app_meter, what_is_refused_is_tried_again)
{
	NfpConf xdp, filtered;
	World w;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	world_init(&w, "a0");
	cr_expect_eq(nfp_meter_start(w.meter, NULL), 1);
	wait_for(&w, "a0 a0");
	nfpt_xdp_other("a0", NFPT_XDP_NATIVE);
	xdp = other_conf(&w, "a0", NFP_DIRECTION_INGRESS);
	g_array_index(xdp.interfaces, NfpInterfaceOptions, 0).hook = NFP_HOOK_XDP;
	cr_expect_not(nfp_meter_is_behind(w.meter));
	change_with(&w, &xdp, "", "a0 is metered as before: a0: XDP: another program", "");
	cr_expect(nfp_meter_is_behind(w.meter));
	wait_for(&w, "a0 a0");
	/* The same again: not "as it is wanted", and no news. */
	change_with(&w, &xdp, "", "", "a0 is metered as before: ");
	cr_expect(nfp_meter_is_behind(w.meter));
	/* Another wish that meets the same obstacle is. */
	filtered = other_conf(&w, "a0", NFP_DIRECTION_INGRESS);
	g_array_index(filtered.interfaces, NfpInterfaceOptions, 0).hook = NFP_HOOK_XDP;
	g_array_index(filtered.interfaces, NfpInterfaceOptions, 0).filter = (char *)"tcp";
	change_with(&w, &filtered, "", "a0 is metered as before: ", "");
	change_with(&w, &filtered, "", "", "a0 is metered as before: ");
	wait_for(&w, "a0 a0");
	nfpt_run("ip link set dev a0 xdp off");
	change(&w, &xdp, "a0: attached");
	cr_expect_not(nfp_meter_is_behind(w.meter));
	wait_for(&w, "a0");
	g_array_unref(xdp.interfaces);
	g_array_unref(filtered.interfaces);
	world_clear(&w);
}

/* A filter that the kernel or the kind of device does not take is found before anything is changed. */
Test(app_meter, a_filter_that_cannot_be_is_refused_before)
{
	g_autoptr(GError) error = NULL;
	NfpConf frames, more;
	World w;

	nfpt_sandbox();
	if (nfpt_try("ip tuntap add dev t0 mode tun && ip link set t0 up"))
		cr_skip_test("this kernel has no tun devices");
	nfpt_wire("a0", "peer", "b0");
	world_init(&w, "a0");
	cr_expect_eq(nfp_meter_start(w.meter, NULL), 1);
	wait_for(&w, "a0 a0");
	frames = other_conf(&w, "?0", NFP_DIRECTION_BOTH);
	g_array_index(frames.interfaces, NfpInterfaceOptions, 0).filter = (char *)"ether host 02:00:00:00:00:01";
	cr_expect_not(nfp_meter_try(w.meter, &frames, &error));
	cr_expect(error && g_str_has_prefix(error->message, "interface t0: "), "%s", error ? error->message : "");
	cr_expect_not(nfp_meter_is_behind(w.meter));
	more = other_conf(&w, "?0", NFP_DIRECTION_BOTH);
	cr_expect_eq(change(&w, &more, "t0: attached"), 1);
	wait_for(&w, "a0 a0 t0 t0");
	g_array_unref(frames.interfaces);
	g_array_unref(more.interfaces);
	world_clear(&w);
}

/* An interface that goes between the listing and its turn is no reason to refuse the configuration, nor a failure. */
Test(app_meter, one_that_goes_meanwhile)
{
	g_autofree char *over = g_strdup_printf("%s/nfpt-meter-%d", g_get_tmp_dir(), (int)getpid());
	NfpDirection direction = NFP_DIRECTION_EGRESS;
	NfpConf confs[2];
	guint rounds = 0;
	World w;

	nfpt_sandbox();
	/* Those before it in the list make the time in between long. */
	for (guint i = 0; i < 8; i++)
		nfpt_run("ip link add a%u type veth peer name aa%u", i, i);
	world_init(&w, "a*");
	nfp_meter_start(w.meter, NULL);
	for (guint i = 0; i < 2; i++, direction = NFP_DIRECTION_INGRESS)
		confs[i] = other_conf(&w, "a*", direction);
	nfpt_run("(for i in $(seq 60); do echo link add az$i type veth peer name ay$i; echo link del az$i; done | "
		 "timeout 60 ip -batch -; touch %s) >/dev/null 2>&1 &", over);
	do {
		g_autoptr(GPtrArray) done = g_ptr_array_new_with_free_func(g_free),
				     failed = g_ptr_array_new_with_free_func(g_free),
				     warnings = g_ptr_array_new_with_free_func(g_free);
		NfpMeterChange change = { .done = done, .failed = failed, .warnings = warnings };
		const NfpConf *conf = &confs[rounds++ % 2];
		g_autoptr(GError) error = NULL;
		guint to_try = 5;

		while (to_try--)
			cr_assert(nfp_meter_try(w.meter, conf, &error), "%s", error ? error->message : "");
		nfp_meter_change(w.meter, conf, &change);
		cr_assert_eq(failed->len, 0, "%s", failed->len ? (char *)g_ptr_array_index(failed, 0) : "");
	} while (!g_file_test(over, G_FILE_TEST_EXISTS));
	nfpt_run("rm %s", over);
	world_clear(&w);
	for (guint i = 0; i < 2; i++)
		g_array_unref(confs[i].interfaces);
}
