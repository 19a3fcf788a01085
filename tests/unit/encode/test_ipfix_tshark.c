// SPDX-License-Identifier: GPL-2.0-or-later
/* Wireshark as the judge, of both protocols: what we write holds no malformed packet, no expert remark and no unknown
 * Set. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "encode/encoder.h"
#include "support/encode_records.h"

#define NOW 1795390441u
#define FAULTS                                                                                     \
	"_ws.expert || _ws.malformed || !cflow || cflow.no_template_found || "                     \
	"cflow.unexpected_sequence_number"
#define LINKTYPE_RAW 101 /* IP packets without a link header */

static const NfpEncoderStats stats = { .messages = 1, .records = 2, .octets = 3 };

/* A capture of UDP datagrams from one port to 4739. */
typedef struct {
	char *path;
	FILE *file;
} Capture;

static Capture capture_new(void)
{
	static const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snaplen, linktype;
	} head = { 0xa1b2c3d4, 2, 4, 0, 0, 262144, LINKTYPE_RAW };
	Capture capture = { 0 };
	int fd = g_file_open_tmp("nfp-ipfix-XXXXXX.pcap", &capture.path, NULL);

	cr_assert_geq(fd, 0);
	capture.file = fdopen(fd, "wb");
	fwrite(&head, sizeof(head), 1, capture.file);
	return capture;
}

static void capture_add(Capture *capture, const uint8_t *message, gsize size)
{
	uint32_t head[4] = { NOW, 0, (uint32_t)size + 28, (uint32_t)size + 28 };
	uint8_t packet[28] = { 0x45, 0,	  [8] = 64, 17, 0, 0,	 192, 0,    2,
			       1,    192, 0,	    2,	2, 0x80, 0,   0x12, 0x83 };
	uint32_t sum = 0;

	packet[2] = (uint8_t)((size + 28) >> 8);
	packet[3] = (uint8_t)(size + 28);
	packet[24] = (uint8_t)((size + 8) >> 8);
	packet[25] = (uint8_t)(size + 8);
	for (guint i = 0; i < 20; i += 2)
		sum += (uint32_t)(packet[i] << 8 | packet[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	packet[10] = (uint8_t)(sum >> 8);
	packet[11] = (uint8_t)sum;
	fwrite(head, sizeof(head), 1, capture->file);
	fwrite(packet, sizeof(packet), 1, capture->file);
	fwrite(message, size, 1, capture->file);
}

static char *tshark(const Capture *capture, const char *filter, const char *fields)
{
	g_autofree char *command = g_strdup_printf(
		"tshark -n -r %s -d udp.port==4739,cflow -o cflow.max_template_fields:0 "
		"-Y '%s' %s",
		capture->path, filter, fields);
	g_autofree char *complaints = NULL;
	g_autoptr(GError) err = NULL;
	char *output = NULL;
	int status = 0;

	cr_assert(g_spawn_command_line_sync(command, &output, &complaints, &status, &err), "%s",
		  err ? err->message : "?");
	cr_assert_eq(status, 0, "%s: %s", command, complaints);
	return output;
}

static void capture_free(Capture *capture)
{
	g_unlink(capture->path);
	g_free(capture->path);
}

/* How often `word` stands in comma-separated fields of lines. */
static guint count_values(const char *output)
{
	guint n = 0;
	g_auto(GStrv) values = g_strsplit_set(output, ",\n", -1);

	for (guint i = 0; values[i] != NULL; i++)
		n += *values[i] != '\0';
	return n;
}

static void add_names(NfpEncoder *encoder)
{
	g_autoptr(NfpNameTables) tables = nfp_name_tables_new();
	static const NfpPort port = { .name = { "eth0", 4 }, .description = { "M\xc3\xbcnchen", 8 }, .vrf_id = 5,
				      .vrf = { "blue", 4 } };

	for (uint32_t i = 1; i < 20; i++)
		nfp_name_tables_add_port(tables, 0, i, &port);
	nfp_name_tables_add_application(tables, &(NfpApplication){ .id = 0x03000050, .name = { "http", 4 } });
	nfp_encoder_set_tables(encoder, tables);
}

/* n records in messages of `size`; lose: the data message that is left out, 0 = none. */
static void judge(const char *protocol, NfpTemplateSet *set, gsize size, uint32_t n, uint32_t lose)
{
	NfpEncoderOptions options = { .protocol = protocol,
				      .templates = set,
				      .boot_ms = (NOW - 86400) * 1000ull,
				      .domain = 5,
				      .sampling = 1,
				      .hostname = "edge1" };
	g_autoptr(NfpEncoder) encoder = nfp_encoder_new(&options, NULL);
	g_autofree NfpRecord *records = g_new(NfpRecord, n);
	g_autofree uint8_t *out = g_malloc(size);
	Capture capture = capture_new();
	uint32_t done = 0, unsendable = 0, messages = 0;
	uint64_t seed = 31;

	for (uint32_t i = 0; i < n; i++)
		nfp_test_record(&records[i], i / 7 % NFP_TEST_KINDS, &seed);
	add_names(encoder);
	while (done < n) {
		uint32_t used;
		ssize_t length;

		if (messages % 20 == 0)
			nfp_encoder_refresh(encoder, 0);
		while ((length = nfp_encoder_announce(encoder, 0, NOW, &stats, out, size)) > 0)
			capture_add(&capture, out, (gsize)length);
		length = nfp_encoder_records(encoder, 0, NOW, records + done, n - done, out, size,
					     &used, &unsendable);
		cr_assert_gt(length, 0);
		if (++messages != lose)
			capture_add(&capture, out, (gsize)length);
		done += used;
	}
	fclose(capture.file);

	g_autofree char *remarks = tshark(&capture, FAULTS, "-V");
	/* One a flow, also where a biflow counts twice; NetFlow v9 has no biflows. */
	gboolean netflow9 = strcmp(protocol, "netflow9") == 0;
	g_autofree char *counts = tshark(&capture, "cflow", netflow9 ? "-T fields -e cflow.octets" :
								       "-T fields -e cflow.flow_id");

	capture_free(&capture);
	if (lose > 0) {
		cr_assert_not(g_str_equal(remarks, ""),
			      "a lost message goes unseen: the judge is blind");
		return;
	}
	cr_assert(g_str_equal(remarks, ""), "%.3000s", remarks);
	cr_assert_eq(count_values(counts), n - unsendable, "tshark read %u flows of %u", count_values(counts),
		     n - unsendable);
}

static void need_tshark(void)
{
	g_autofree char *path = g_find_program_in_path("tshark");

	if (path == NULL)
		cr_skip_test("tshark is not installed");
}

Test(ipfix_tshark, the_standard_set, .timeout = 100)
{
	need_tshark();

	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);

	judge("ipfix", set, 1420, 20000, 0);
}

/* Half of the records are none that a partner was looked for, and stay behind. */
Test(ipfix_tshark, the_biflow_set, .timeout = 100)
{
	need_tshark();

	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "biflow", NULL);

	judge("ipfix", set, 1420, 20000, 0);
}

Test(ipfix_tshark, small_messages, .timeout = 100)
{
	need_tshark();

	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);

	judge("ipfix", set, 512, 2000, 0);
}

Test(ipfix_tshark, a_template_of_every_field, .timeout = 100)
{
	guint fields[NFP_F_N + 60];

	need_tshark();
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		fields[i] = i < NFP_F_N ? i : (guint)NFP_F_packetDeltaCount;

	g_autoptr(NfpTemplateSet) set = nfp_test_set(fields, G_N_ELEMENTS(fields));

	judge("ipfix", set, 1420, 300, 0);
}

Test(ipfix_tshark, a_lost_message_is_seen, .timeout = 100)
{
	need_tshark();

	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);

	judge("ipfix", set, 1420, 300, 3);
}

Test(ipfix_tshark, netflow9, .timeout = 100)
{
	need_tshark();

	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);

	judge("netflow9", set, 1420, 20000, 0);
	judge("netflow9", set, 512, 2000, 0);
	judge("netflow9", set, 1420, 300, 3);
}
