/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/load.h"
#include "probe/probe.h"
#include "support/metered.h"
#include "support/netns.h"

static const NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };

Test(probe_load, another_abi_is_left_alone)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *before = NULL, *after = NULL;

	nfpt_sandbox();
	nfp_probe_free(nfpt_open("default", NULL, false));
	nfpt_other_abi("default");
	before = nfpt_output("find %s", NFPT_PIN_ROOT);
	probe = nfp_probe_open(&options, &error);
	cr_assert_null(probe);
	cr_expect_not_null(strstr(error->message, "another build"), "%s", error->message);
	g_clear_error(&error);
	probe = nfp_probe_open_readonly(&options, &error);
	cr_assert_null(probe);
	cr_expect_not_null(strstr(error->message, "another build"), "%s", error->message);
	after = nfpt_output("find %s", NFPT_PIN_ROOT);
	cr_expect_str_eq(after, before);
	g_clear_error(&error);

	cr_assert(nfp_probe_purge(&options, &error), "%s", error ? error->message : "");
	cr_expect_neq(access(NFPT_PIN_ROOT "/default", F_OK), 0);
	nfp_probe_free(nfpt_open("default", NULL, false));
}

Test(probe_load, another_layout_is_left_alone)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	NFP_AUTO_FD int fd = -1;

	nfpt_sandbox();
	nfp_probe_free(nfpt_open("default", NULL, false));
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "books", 8, 16, 64, NULL);
	cr_assert_eq(unlink(NFPT_PIN_ROOT "/default/books"), 0);
	cr_assert_eq(bpf_obj_pin(fd, NFPT_PIN_ROOT "/default/books"), 0);
	probe = nfp_probe_open(&options, &error);
	cr_assert_null(probe);
	cr_expect_not_null(strstr(error->message, "another build"), "%s", error->message);
}

Test(probe_load, what_a_kill_left_is_completed)
{
	g_autoptr(NfpProbe) probe = NULL;

	nfpt_sandbox();
	nfp_probe_free(nfpt_open("default", NULL, false));
	/* Pinned in this order: killed before the last three. */
	nfpt_run("cd %s/default && rm refused scratch config", NFPT_PIN_ROOT);
	probe = nfpt_open("default", NULL, false);
	nfpt_run("cd %s/default && test -e refused -a -e scratch -a -e config", NFPT_PIN_ROOT);
	nfpt_meter(probe);
	nfpt_attach(probe, "lo", NFP_DIRECTION_BOTH);
}

Test(probe_load, nothing_pinned_for_a_reader)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;

	nfpt_sandbox();
	probe = nfp_probe_open_readonly(&options, &error);
	cr_assert_null(probe);
	cr_expect(g_error_matches(error, NFP_ERROR, NFP_ERROR_FAILED));
	cr_expect_not_null(strstr(error->message, "nothing is pinned"), "%s", error->message);
	cr_expect_neq(access(NFPT_PIN_ROOT, F_OK), 0, "nothing was made");
}

Test(probe_load, the_verifier_explains_a_refusal)
{
	NfpMaps maps = NFP_MAPS_NONE;
	g_autoptr(GError) error = NULL;
	NFP_AUTO_FD int program = -1, wrong = -1;
	bool other;

	nfpt_sandbox();
	g_mkdir_with_parents(NFPT_PIN_ROOT "/x", 0700);
	cr_assert(nfp_load_maps(NFPT_PIN_ROOT "/x", true, &maps, &other, &error), "%s", error ? error->message : "");
	program = nfp_load_program(&maps, (NfpProgramSettings){ .egress = true, .l3 = true }, &error);
	cr_assert_geq(program, 0, "%s", error ? error->message : "");
	/* A map whose value is smaller than what the program writes. */
	wrong = maps.status;
	maps.status = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "status", 4, 1, 1, NULL);
	nfp_fd_clear(&program);
	program = nfp_load_program(&maps, (NfpProgramSettings){ 0 }, &error);
	cr_assert_lt(program, 0);
	cr_expect_not_null(strstr(error->message, "refuses the BPF program"), "%s", error->message);
	cr_expect_not_null(strstr(error->message, "invalid access to map value"), "%s", error->message);
	nfp_load_maps_close(&maps);
}

Test(probe_load, rows_are_named_as_in_the_table)
{
	size_t size;

	cr_expect_str_eq(nfp_load_row_name(NFP_P_tcp6), "tcp6");
	cr_expect_str_eq(nfp_load_row_name(NFP_P_hook), "hook");
	cr_expect_eq(nfp_load_key_size(NFP_P_tcp6), sizeof(struct nfp_key_v6));
	cr_expect_eq(nfp_load_value_size(NFP_P_hook), sizeof(struct nfp_hook_row));
	cr_expect_arr_eq(nfp_load_object(&size), "\177ELF", 4);
	cr_expect_gt(size, 1000);
}
