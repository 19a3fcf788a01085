/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "app/status_view.h"
#include "support/ledgers.h"

static char *view(NfpLedger *l, const char *daemon)
{
	g_autoptr(JsonNode) node = daemon ? json_from_string(daemon, NULL) : NULL;
	char *text = nfp_status_view_text(l, node ? json_node_get_object(node) : NULL);

	nfp_ledger_free(l);
	return text;
}

static void expect_narrow(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		cr_expect_leq(strlen(*line), 100, "%s", *line);
}

Test(status_text, says_whether_the_books_close)
{
	g_autofree char *text = view(nfp_test_ledger(), NULL);
	NfpLedger *broken = nfp_test_ledger();
	g_autofree char *other = NULL;

	cr_expect(g_str_has_prefix(text, "books     seen 105 = recorded 75 + open 20 + lost 10: closed\n"), "%s", text);
	cr_expect(strstr(text, "lost      no_bucket 10\n"), "%s", text);
	cr_expect(strstr(text, "coarsened 4 packets"));
	cr_expect(strstr(text, "dropped before the hook (receive, XDP): 17\n"));
	cr_expect(strstr(text, "blue:(gone)"));
	cr_expect(strstr(text, "no daemon answers"));
	expect_narrow(text);
	broken->balanced = FALSE;
	g_array_index(broken->hooks, NfpLedgerHook, 0).books.open--;
	other = view(broken, NULL);
	cr_expect(strstr(other, "NOT CLOSED"));
	cr_expect(strstr(other, " !\n"), "and at which hook");
}

Test(status_text, says_what_is_not_exact)
{
	NfpLedger *l = nfp_test_ledger();
	g_autofree char *text = NULL, *exact = view(nfp_test_ledger(), NULL);

	g_array_index(l->hooks, NfpLedgerHook, 0).info.limits = NFP_LIMIT_GSO | NFP_LIMIT_VLAN;
	text = view(l, NULL);
	cr_expect(strstr(text, "not exact: GSO and GRO buffers count as one packet each\n"), "%s", text);
	cr_expect(strstr(text, "not exact: VLAN tags that the NIC takes off"), "%s", text);
	cr_expect_null(strstr(exact, "not exact"));
	expect_narrow(text);
}

Test(status_text, collectors)
{
	g_autofree char *text = view(nfp_test_ledger(),
		"{\"collectors\": [{\"name\": \"nf\", \"endpoint\": \"udp://127.0.0.1:4739\", \"records\": 12, "
		"\"packets\": 34, \"refused_records\": 5, \"state\": \"up\"}]}");

	cr_expect(strstr(text, "nf               udp://127.0.0.1:4739                   12             34          5 up"),
		  "%s", text);
	expect_narrow(text);
}

Test(status_text, biflows)
{
	g_autofree char *text = view(nfp_test_ledger(), "{\"collectors\": [], \"daemon\": {\"biflow\": {\"biflows\": 7, "
						       "\"uniflows\": 5, \"crowded\": 2}}}");
	g_autofree char *plain = view(nfp_test_ledger(), "{\"collectors\": [], \"daemon\": {}}");

	cr_expect(strstr(text, "biflows: 7 records with both directions, 5 alone (2 for want of biflow_memory)\n"), "%s", text);
	cr_expect_null(strstr(plain, "biflow"), "%s", plain);
}

Test(status_text, every_protocol_at_once_stays_narrow)
{
	NfpLedger *l = nfp_test_ledger();
	g_autofree char *text = NULL;

	for (int row = 0; row <= NFP_P_N; row++)
		g_array_index(l->buckets, NfpLedgerBucket, 0).entries[row] = 123456789;
	text = view(l, NULL);
	expect_narrow(text);
}

Test(status_text, a_table_that_is_nearly_full)
{
	NfpLedger *l = nfp_test_ledger();
	g_autofree char *half = NULL, *quarter = view(nfp_test_ledger(), NULL);

	g_array_index(l->buckets, NfpLedgerBucket, 0).entries[NFP_P_tcp4] = 9;
	half = view(l, NULL);
	cr_expect(strstr(half, " tcp4 9 (75% of its room) hook 1\n"), "%s", half);
	cr_expect(strstr(quarter, " tcp4 3 hook 1\n"), "%s", quarter);
}
