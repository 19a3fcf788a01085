// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of prefixes: texts, files, what is refused, what is in them. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/error.h"
#include "filter/prefixes.h"

static NfpPrefixes *list_new(const char *text)
{
	g_autoptr(GError) error = NULL;
	NfpPrefixes *list = nfp_prefixes_new(text, &error);

	cr_assert(list, "%s", error ? error->message : "");
	return list;
}

static gboolean holds(const NfpPrefixes *list, const char *source, const char *destination)
{
	NfpRecord record = { .have = strchr(source, ':') ? NFP_HAVE_IPV6 : NFP_HAVE_IPV4 };
	gboolean v6 = record.have == NFP_HAVE_IPV6;

	cr_assert_eq(inet_pton(v6 ? AF_INET6 : AF_INET, source, v6 ? record.src6 : record.src4), 1);
	cr_assert_eq(inet_pton(v6 ? AF_INET6 : AF_INET, destination, v6 ? record.dst6 : record.dst4), 1);
	return nfp_prefixes_record(list, &record);
}

Test(prefixes, source_or_destination)
{
	g_autoptr(NfpPrefixes) list = list_new("10.0.0.0/8, 192.0.2.7,198.51.100.128/25 , 10.1.0.0/16, 2001:db8::/33,::1");
	NfpRecord arp = { .have = NFP_HAVE_ETHERTYPE };

	cr_expect_eq(g_bytes_get_size(nfp_prefixes_v4(list)), 4 * sizeof(NfpPrefix4));
	cr_expect_eq(g_bytes_get_size(nfp_prefixes_v6(list)), 2 * sizeof(NfpPrefix6));
	cr_expect(holds(list, "10.255.0.1", "8.8.8.8"));
	cr_expect(holds(list, "8.8.8.8", "10.1.2.3"));
	cr_expect(holds(list, "8.8.8.8", "192.0.2.7"));
	cr_expect(holds(list, "198.51.100.255", "8.8.8.8"));
	cr_expect(holds(list, "2001:db8:7fff::1", "fe80::1"));
	cr_expect(holds(list, "fe80::1", "::1"));
	cr_expect_not(holds(list, "9.255.255.255", "11.0.0.0"));
	cr_expect_not(holds(list, "192.0.2.6", "192.0.2.8"));
	cr_expect_not(holds(list, "198.51.100.127", "198.51.101.0"));
	cr_expect_not(holds(list, "2001:db8:8000::1", "::2"));
	cr_expect_not(nfp_prefixes_record(list, &arp));
}

Test(prefixes, everything_and_random_ones)
{
	g_autoptr(NfpPrefixes) all = list_new("0.0.0.0/0");
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(NfpPrefixes) list = NULL;
	uint32_t nets[200], lengths[200];

	cr_expect(holds(all, "255.255.255.255", "0.0.0.0"));
	cr_expect_not(holds(all, "::1", "::2"));
	for (guint i = 0; i < G_N_ELEMENTS(nets); i++) {
		lengths[i] = (uint32_t)g_rand_int_range(rand, 6, 33);
		nets[i] = g_rand_int(rand) & (uint32_t)(0xffffffffull << (32 - lengths[i]));
		g_string_append_printf(text, "%s%u.%u.%u.%u/%u", i ? "," : "", nets[i] >> 24, nets[i] >> 16 & 255,
				       nets[i] >> 8 & 255, nets[i] & 255, lengths[i]);
	}
	list = list_new(text->str);
	for (guint i = 0; i < 20000; i++) {
		uint32_t address = g_rand_int(rand), big;
		NfpRecord record = { .have = NFP_HAVE_IPV4 };
		gboolean want = FALSE;

		if (i % 2)
			address = nets[i % G_N_ELEMENTS(nets)] ^ (uint32_t)g_rand_int_range(rand, 0, 4);
		big = htonl(address);
		for (guint j = 0; j < G_N_ELEMENTS(nets); j++)
			want |= ((address ^ nets[j]) & (uint32_t)(0xffffffffull << (32 - lengths[j]))) == 0;
		memcpy(record.src4, &big, 4);
		memcpy(record.dst4, &big, 4);
		cr_assert_eq(nfp_prefixes_record(list, &record), want, "%08x", address);
	}
}

Test(prefixes, files)
{
	g_autofree char *path = g_strdup_printf("%s/nfpt-prefixes-%d", g_get_tmp_dir(), getpid());
	g_autoptr(NfpPrefixes) list = NULL;
	g_autoptr(GError) error = NULL;

	cr_assert(g_file_set_contents(path, "# ours\n10.0.0.0/8   # private\n\n 2001:db8::/32\n", -1, NULL));
	list = list_new(path);
	cr_expect(holds(list, "10.0.0.1", "8.8.8.8"));
	cr_assert(g_file_set_contents(path, "10.0.0.0/8\n10.0.0.1/8\n", -1, NULL));
	cr_expect_null(nfp_prefixes_new(path, &error));
	cr_expect(error && strstr(error->message, ":2: \"10.0.0.1/8\" has bits behind its length"), "%s", error ? error->message : "");
	g_clear_error(&error);
	cr_assert(g_file_set_contents(path, "10.0.0.0/8\n", -1, NULL));
	cr_assert_eq(chmod(path, 0666), 0);
	cr_expect_null(nfp_prefixes_new(path, &error));
	cr_expect(error && strstr(error->message, "chmod o-w"), "%s", error ? error->message : "");
	unlink(path);
}

static NfpPrefixes *list_of_file(const char *path, const char *content)
{
	cr_assert(g_file_set_contents(path, content, -1, NULL));
	return list_new(path);
}

/* A file that is read again is another list when other prefixes stand in it, not when it only looks different. */
Test(prefixes, same)
{
	g_autofree char *path = g_strdup_printf("%s/nfpt-prefixes-same-%d", g_get_tmp_dir(), getpid());
	g_autoptr(NfpPrefixes) list = list_of_file(path, "10.0.0.0/8\n2001:db8::/32\n");
	g_autoptr(NfpPrefixes) order = list_of_file(path, "# ours\n2001:db8::/32\n10.0.0.0/8\n");
	g_autoptr(NfpPrefixes) v4 = list_of_file(path, "10.0.0.0/9\n2001:db8::/32\n");
	g_autoptr(NfpPrefixes) v6 = list_of_file(path, "10.0.0.0/8\n2001:db8::/33\n");
	g_autoptr(NfpPrefixes) text = list_new("10.0.0.0/8,2001:db8::/32");
	NfpPrefixes *held = nfp_prefixes_ref(list);

	cr_expect_str_eq(nfp_prefixes_text(list), path);
	cr_expect(nfp_prefixes_same(list, order) && nfp_prefixes_same(NULL, NULL));
	cr_expect_not(nfp_prefixes_same(list, v4));
	cr_expect_not(nfp_prefixes_same(list, v6));
	cr_expect_not(nfp_prefixes_same(list, text));
	cr_expect_not(nfp_prefixes_same(list, NULL) || nfp_prefixes_same(NULL, list));
	unlink(path);
	nfp_prefixes_free(held);
	cr_expect(holds(list, "10.0.0.1", "8.8.8.8"), "what was read is held");
}

Test(prefixes, what_is_none)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "10.0.0.0/33", "0 to 32" },
		{ "2001:db8::/129", "0 to 128" },
		{ "10.0.0.0/", "0 to 32" },
		{ "10.0.0.0/-1", "0 to 32" },
		{ "10.0.0/8", "is no prefix" },
		{ "10.0.0.0/8,", "is no prefix" },
		{ "", "no prefix" },
		{ "example.net", "is no prefix" },
		{ "192.0.2.1/24", "bits behind" },
		{ "/nonexistent", "cannot be read: No such file" },
		{ "/tmp", "no file" },
		{ "/dev/zero", "no file" },
		{ "/dev/null", "no file" },
	};
	g_autoptr(GString) many = g_string_new("10.0.0.0");
	g_autoptr(GError) full = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_null(nfp_prefixes_new(rows[i].text, &error), "%s", rows[i].text);
		cr_assert(g_error_matches(error, NFP_ERROR, NFP_ERROR_USAGE));
		cr_expect(strstr(error->message, rows[i].error), "%s: %s", rows[i].text, error->message);
	}
	for (guint i = 0; i < NFP_PREFIXES_MAX; i++)
		g_string_append(many, ",10.0.0.0");
	cr_expect_null(nfp_prefixes_new(many->str, &full));
	cr_expect(full && strstr(full->message, "65536"));
}
