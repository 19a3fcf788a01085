/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/doctor_sample.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define NOW 1795390440u

Test(doctor_sample, nobody_takes_it_for_traffic)
{
	NfpRecord one = nfp_sample_record(NOW * 1000000000ull + 5, FALSE), two = nfp_sample_record(NOW * 1000000000ull, TRUE);

	cr_assert_eq(memcmp(one.src4, (uint8_t[]){ 192, 0, 2, 1 }, 4), 0);
	cr_assert_eq(memcmp(one.dst4, (uint8_t[]){ 198, 51, 100, 1 }, 4), 0);
	cr_assert_eq(one.protocol, 253);
	cr_assert_eq(one.bucket_end_ns, NOW * 1000000000ull);
	cr_assert_eq(nfp_record_packets(&one), 1);
	cr_assert_eq(nfp_record_packets(&two), 2);
}

/* A judge that lets everything pass is none. */
Test(doctor_sample, garbage_is_complained_of, .timeout = 100)
{
	g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_autofree char *path = NULL, *complaints = NULL;
	g_autoptr(GError) err = NULL;
	uint8_t message[24] = { 0, 10, 0, 24, [16] = 1, 0, 0, 8 };
	int fd = g_file_open_tmp("nfp-sample-XXXXXX.pcap", &path, NULL);
	guint records = 9;

	close(fd);
	g_ptr_array_add(messages, g_bytes_new(message, sizeof(message)));
	cr_assert(nfp_sample_write_pcap(path, messages, NOW, &err));
	if (!nfp_sample_dissect(path, &complaints, &records, &err)) {
		g_unlink(path);
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_CANNOT), "%s", err->message);
		cr_skip_test("tshark is not installed");
	}
	g_unlink(path);
	cr_assert_str_neq(complaints, "");
	cr_assert_eq(records, 0);
}

Test(doctor_sample, a_place_that_cannot_be_written)
{
	g_autoptr(GPtrArray) messages = g_ptr_array_new();
	g_autoptr(GError) err = NULL;

	cr_assert_not(nfp_sample_write_pcap("/nowhere/at/all.pcap", messages, NOW, &err));
	cr_assert_not_null(strstr(err->message, "/nowhere/at/all.pcap"));
}
