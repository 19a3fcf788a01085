/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/bpflog.h"

#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"

static void make_libbpf_complain(void)
{
	struct bpf_object *object = bpf_object__open_mem("not an object", 13, NULL);

	cr_assert_null(object);
}

Test(bpflog, reason_goes_into_the_error)
{
	g_autoptr(NfpBpfLog) log = nfp_bpflog_begin();
	g_autoptr(GError) error = g_error_new(NFP_ERROR, NFP_ERROR_FAILED, "cannot load");

	make_libbpf_complain();
	nfp_bpflog_explain(log, &error);
	cr_expect(g_str_has_prefix(error->message, "cannot load\n"), "%s", error->message);
	cr_expect_not_null(strstr(error->message, "ELF"), "%s", error->message);
}

Test(bpflog, only_between_begin_and_free)
{
	NfpBpfLog *log = nfp_bpflog_begin();

	cr_expect_str_eq(nfp_bpflog_text(log), "");
	nfp_bpflog_free(log);
	make_libbpf_complain(); /* goes nowhere, and crashes nothing */
	log = nfp_bpflog_begin();
	cr_expect_str_eq(nfp_bpflog_text(log), "");
	nfp_bpflog_explain(log, NULL);
	nfp_bpflog_free(log);
	nfp_bpflog_free(NULL);
}

Test(bpflog, last_lines_of_many)
{
	g_autoptr(NfpBpfLog) log = nfp_bpflog_begin();
	const char *text;
	int lines = 1;

	for (int i = 0; i < 100; i++)
		make_libbpf_complain();
	text = nfp_bpflog_text(log);
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	cr_expect_eq(lines, 24, "%d", lines);
}
