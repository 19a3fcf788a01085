/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "app/reload.h"

static void expect(const char *answer, int code, const char *want)
{
	g_autoptr(JsonNode) node = json_from_string(answer, NULL);
	g_autofree char *text = NULL;
	int got = -1;

	cr_assert_not_null(node);
	text = nfp_reload_text(json_node_get_object(node), &got);
	cr_expect_str_eq(text, want);
	cr_expect_eq(got, code);
}

Test(reload_text, of_what_was_done)
{
	expect("{\"reload\": {\"changed\": [\"interval: 1m -> 10s\"], \"restarted\": [\"collector a: a new session\"], "
	       "\"kept\": [\"collector b\", \"2 interfaces\"], \"needs_restart\": [\"run_dir: /a -> /b\"], "
	       "\"warnings\": [\"w\"]}}", 0,
	       "changed:\n  interval: 1m -> 10s\nrestarted:\n  collector a: a new session\n"
	       "not touched:\n  collector b\n  2 interfaces\n"
	       "needs a restart of nfprobe, and is as it was:\n  run_dir: /a -> /b\nwarning:\n  w\n");
}

Test(reload_text, of_what_failed)
{
	expect("{\"reload\": {\"changed\": [\"interface a: hook: tc -> xdp\"], \"failed\": [\"a is metered as before: no\"], "
	       "\"kept\": [\"collector b\"]}}", 1,
	       "changed:\n  interface a: hook: tc -> xdp\nfailed, and is as it was; the next reload tries again:\n"
	       "  a is metered as before: no\nnot touched:\n  collector b\n");
	expect("{\"reload\": {\"failed\": [\"a is metered as before: no\"], \"kept\": [\"collector b\"]}}", 1,
	       "failed, and is as it was; the next reload tries again:\n  a is metered as before: no\n");
}

Test(reload_text, of_nothing)
{
	expect("{\"reload\": {\"changed\": [], \"restarted\": [], \"kept\": [\"collector b\"], \"needs_restart\": [], "
	       "\"warnings\": []}}", 0, "nothing has changed\n");
}

/* An older daemon knows no such command; whoever answers may be of another build. */
Test(reload_text, of_errors)
{
	expect("{\"error\": \"f:1:2: no\", \"code\": 2}", 2, "f:1:2: no\n");
	expect("{\"error\": \"no command\"}", 1, "no command\n");
	expect("{}", 1, "no answer\n");
	expect("{\"reload\": {}}", 0, "nothing has changed\n");
}
