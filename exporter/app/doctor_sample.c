/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/doctor_sample.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define NS_PER_S 1000000000ull
#define PORT 4739
#define LINKTYPE_RAW 101 /* IP without a link header */
#define ROW_IPV4 1       /* of protocols.def */
#define HEADERS 28       /* IPv4 and UDP */
#define DATAGRAM_MAX 65535

NfpRecord nfp_sample_record(uint64_t now, gboolean biflow)
{
	uint64_t end = now - now % NS_PER_S;
	NfpRecord record = {
		.have = NFP_HAVE_ALWAYS | NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_TIMES | NFP_HAVE_ETHERTYPE,
		.flow_id = 0x6e6670726f626500ull, /* "nfprobe" */
		.packets = NFP_SAMPLE_PACKETS,
		.octets = 100,
		.l2_octets = 114,
		.first_ns = end - NS_PER_S,
		.last_ns = end - NS_PER_S,
		.bucket_start_ns = end - NS_PER_S,
		.bucket_end_ns = end,
		.ethertype = 0x0800,
		.protocol = NFP_SAMPLE_PROTOCOL,
		.protocol_row = ROW_IPV4,
		.ip_version = 4,
		.len_min = 100,
		.len_max = 100,
		.ttl_min = 64,
		.ttl_max = 64,
		.end_reason = NFP_END_ACTIVE,
	};

	inet_pton(AF_INET, NFP_SAMPLE_SOURCE, record.src4);
	inet_pton(AF_INET, NFP_SAMPLE_DESTINATION, record.dst4);
	if (!biflow)
		return record;
	record.have |= NFP_HAVE_BIFLOW | NFP_HAVE_REVERSE;
	record.biflow_direction = NFP_BIFLOW_INITIATOR;
	record.rev_packets = 1;
	record.rev_octets = 60;
	record.rev_l2_octets = 74;
	record.rev_first_ns = record.rev_last_ns = record.first_ns + 1000000;
	record.rev_ttl_min = record.rev_ttl_max = 64;
	record.rev_end_reason = NFP_END_ACTIVE;
	return record;
}

static gboolean write_packet(FILE *file, const uint8_t *message, gsize size, uint32_t now)
{
	uint32_t head[4] = { now, 0, (uint32_t)size + HEADERS, (uint32_t)size + HEADERS };
	uint8_t packet[HEADERS] = { 0x45, [8] = 64, 17, [12] = 192, 0, 2, 1, 192, 0, 2, 2, 0x80, 0 };
	uint16_t lengths[2] = { htons((uint16_t)(size + HEADERS)), htons((uint16_t)(size + 8)) }, port = htons(PORT);
	uint32_t sum = 0;

	memcpy(packet + 2, &lengths[0], 2);
	memcpy(packet + 22, &port, 2);
	memcpy(packet + 24, &lengths[1], 2);
	for (guint i = 0; i < 20; i += 2)
		sum += (uint32_t)(packet[i] << 8 | packet[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	packet[10] = (uint8_t)(sum >> 8);
	packet[11] = (uint8_t)sum;
	return fwrite(head, sizeof(head), 1, file) == 1 && fwrite(packet, sizeof(packet), 1, file) == 1 &&
	       fwrite(message, size, 1, file) == 1;
}

gboolean nfp_sample_write_pcap(const char *path, GPtrArray *messages, uint32_t now, GError **err)
{
	static const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snaplen, linktype;
	} head = { 0xa1b2c3d4, 2, 4, 0, 0, 262144, LINKTYPE_RAW };
	FILE *file = fopen(path, "wb");
	gboolean good = file && fwrite(&head, sizeof(head), 1, file) == 1;

	for (guint i = 0; good && i < messages->len; i++) {
		gsize size;
		const uint8_t *message = g_bytes_get_data(g_ptr_array_index(messages, i), &size);

		/* A longer message goes by TCP, and is no shape that another has not. */
		good = size + HEADERS > DATAGRAM_MAX || write_packet(file, message, size, now);
	}
	if (file && fclose(file))
		good = FALSE;
	return good || nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot write %s", path);
}

static gboolean run_tshark(const char *pcap, const char *const *tail, char **ret_output, GError **err)
{
	const char *head[] = { "tshark", "-n", "-r", pcap, "-d", "udp.port==4739,cflow", "-o",
			       "cflow.max_template_fields:0" };
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *complaints = NULL;
	int status;

	for (guint i = 0; i < G_N_ELEMENTS(head); i++)
		g_ptr_array_add(argv, (char *)head[i]);
	for (guint i = 0; tail[i]; i++)
		g_ptr_array_add(argv, (char *)tail[i]);
	g_ptr_array_add(argv, NULL);
	if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, ret_output, &complaints,
			  &status, err))
		return FALSE;
	if (g_spawn_check_wait_status(status, NULL))
		return TRUE;
	g_clear_pointer(ret_output, g_free);
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "tshark: %s", g_strstrip(complaints));
	return FALSE;
}

gboolean nfp_sample_dissect(const char *pcap, char **ret_complaints, guint *ret_records, GError **err)
{
	static const char *const faults[] = {
		"-Y", "_ws.expert || _ws.malformed || !cflow || cflow.no_template_found", "-T", "fields", "-e",
		"frame.number", "-e", "_ws.expert.message", NULL,
	};
	static const char *const shows[] = {
		"-Y", "cflow.srcaddr == " NFP_SAMPLE_SOURCE " && cflow.dstaddr == " NFP_SAMPLE_DESTINATION, "-T", "fields",
		"-e", "cflow.srcaddr", NULL,
	};
	g_autofree char *tshark = g_find_program_in_path("tshark"), *complaints = NULL, *records = NULL;

	if (!tshark) {
		g_set_error_literal(err, NFP_ERROR, NFP_ERROR_CANNOT, "tshark is not installed");
		return FALSE;
	}
	if (!run_tshark(pcap, faults, &complaints, err) || !run_tshark(pcap, shows, &records, err))
		return FALSE;
	*ret_complaints = g_strdup(g_strstrip(complaints));
	*ret_records = 0;
	for (const char *at = records; (at = strstr(at, NFP_SAMPLE_SOURCE)); at++)
		(*ret_records)++;
	return TRUE;
}
