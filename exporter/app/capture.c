/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/capture.h"

#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

#define ETHERNET_HEADER 14
#define ETHERTYPE_PPPOE 0x8864
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_MPLS_MULTICAST 0x8848

typedef struct LinkType LinkType;

struct NfpCapture {
	pcap_t *pcap;
	char *path;
	const LinkType *link;
	uint64_t frames;
	GByteArray *made; /* a frame whose link header was replaced */
};

/* How frames of a link type become Ethernet or IP. At least `header` bytes are taken off the front; with `protocol`
 * an Ethernet header of the protocol that it tells is put there instead. */
struct LinkType {
	int dlt;
	bool ethernet;
	uint32_t header;
	/* EtherType (host order) and source address out of the header; *size: its bytes, if they are more (up to
	 * LINK_HEADER_MAX; bytes that were not captured read as 0). */
	uint16_t (*protocol)(const uint8_t *header, uint8_t source[6], uint32_t *size);
};
#define LINK_HEADER_MAX SLL2_HDR_LEN

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint16_t sll_protocol(const uint8_t *header, uint8_t source[6], uint32_t *size)
{
	const struct sll_header *h = (const void *)header;

	if (be16(header + offsetof(struct sll_header, sll_halen)) == 6)
		memcpy(source, h->sll_addr, 6);
	return be16(header + offsetof(struct sll_header, sll_protocol));
}

static uint16_t sll2_protocol(const uint8_t *header, uint8_t source[6], uint32_t *size)
{
	const struct sll2_header *h = (const void *)header;

	if (h->sll2_halen == 6)
		memcpy(source, h->sll2_addr, 6);
	return be16(header + offsetof(struct sll2_header, sll2_protocol));
}

static uint16_t pppoe_protocol(const uint8_t *header, uint8_t source[6], uint32_t *size)
{
	return ETHERTYPE_PPPOE;
}

static uint16_t hdlc_protocol(const uint8_t *header, uint8_t source[6], uint32_t *size)
{
	return be16(header + 2);
}

static uint16_t ppp_ethertype(uint16_t protocol)
{
	switch (protocol) {
	case 0x0021:
		return ETHERTYPE_IPV4;
	case 0x0057:
		return ETHERTYPE_IPV6;
	case 0x0281: /* RFC 3032 4.3 */
		return ETHERTYPE_MPLS;
	case 0x0283:
		return ETHERTYPE_MPLS_MULTICAST;
	default:
		return 0;
	}
}

/* Address and control (RFC 1662 3.1; pppd's captures tell the direction, 0 or 1, in place of the address) or neither;
 * then the protocol in two bytes, or in one, which is odd (RFC 1661 6.5). */
static uint16_t ppp_protocol(const uint8_t *header, uint8_t source[6], uint32_t *size)
{
	uint32_t off = header[1] == 0x03 && (header[0] == 0xff || header[0] <= 1) ? 2 : 0;

	*size = off + (header[off] & 1 ? 1 : 2);
	return ppp_ethertype(header[off] & 1 ? header[off] : be16(header + off));
}

/* The same, or Cisco's framing, which its address tells. */
static uint16_t serial_protocol(const uint8_t *header, uint8_t source[6], uint32_t *size)
{
	if (header[0] != 0x0f && header[0] != 0x8f)
		return ppp_protocol(header, source, size);
	*size = 4;
	return hdlc_protocol(header, source, size);
}

static const LinkType link_types[] = {
	{ .dlt = DLT_EN10MB, .ethernet = true },
	{ .dlt = DLT_RAW },
	{ .dlt = DLT_IPV4 },
	{ .dlt = DLT_IPV6 },
	{ .dlt = DLT_NULL, .header = 4 },
	{ .dlt = DLT_LOOP, .header = 4 },
	{ .dlt = DLT_LINUX_SLL, .ethernet = true, .header = SLL_HDR_LEN, .protocol = sll_protocol },
	{ .dlt = DLT_LINUX_SLL2, .ethernet = true, .header = SLL2_HDR_LEN, .protocol = sll2_protocol },
	{ .dlt = DLT_PPP, .ethernet = true, .header = 1, .protocol = ppp_protocol },
	{ .dlt = DLT_PPP_SERIAL, .ethernet = true, .header = 1, .protocol = serial_protocol },
	{ .dlt = DLT_PPP_PPPD, .ethernet = true, .header = 1, .protocol = ppp_protocol },
	{ .dlt = DLT_PPP_ETHER, .ethernet = true, .header = 0, .protocol = pppoe_protocol },
	{ .dlt = DLT_C_HDLC, .ethernet = true, .header = 4, .protocol = hdlc_protocol },
};

static const LinkType *find_link(int dlt)
{
	for (guint i = 0; i < G_N_ELEMENTS(link_types); i++)
		if (link_types[i].dlt == dlt)
			return &link_types[i];
	return NULL;
}

static char *names_of_links(void)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(link_types); i++)
		g_string_append_printf(names, "%s%s", i ? ", " : "", pcap_datalink_val_to_name(link_types[i].dlt));
	return g_string_free(g_steal_pointer(&names), FALSE);
}

NfpCapture *nfp_capture_open(const char *path, GError **err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	g_autoptr(NfpCapture) capture = g_new0(NfpCapture, 1);
	int dlt;

	capture->pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!capture->pcap) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "cannot read the capture%s%s: %s",
			    strstr(why, path) ? "" : " ", strstr(why, path) ? "" : path, why);
		return NULL;
	}
	capture->path = g_strdup(path);
	dlt = pcap_datalink(capture->pcap);
	capture->link = find_link(dlt);
	if (!capture->link) {
		const char *name = pcap_datalink_val_to_name(dlt);
		g_autofree char *names = names_of_links();

		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "%s: link type %d (%s) is not metered; these are: %s", path, dlt,
			    name ? name : "unknown", names);
		return NULL;
	}
	capture->made = g_byte_array_new();
	return g_steal_pointer(&capture);
}

bool nfp_capture_is_ethernet(const NfpCapture *capture)
{
	return capture->link->ethernet;
}

/* A header that is cut short leaves nothing to read: the frame still counts, with its length. */
static void take_header_off(NfpCapture *capture, NfpFrame *frame)
{
	const LinkType *link = capture->link;
	uint8_t ethernet[ETHERNET_HEADER] = { 0 }, header[LINK_HEADER_MAX] = { 0 };
	uint32_t size = link->header;

	if (!link->header && !link->protocol)
		return;
	if (link->protocol) {
		uint16_t protocol;

		memcpy(header, frame->data, MIN(frame->captured, sizeof(header)));
		protocol = link->protocol(header, ethernet + 6, &size);
		ethernet[12] = protocol >> 8;
		ethernet[13] = protocol & 0xff;
	}
	if (frame->captured < size) {
		frame->captured = 0;
		return;
	}
	frame->data += size;
	frame->captured -= size;
	if (!link->protocol)
		return;
	g_byte_array_set_size(capture->made, 0);
	g_byte_array_append(capture->made, ethernet, sizeof(ethernet));
	g_byte_array_append(capture->made, frame->data, frame->captured);
	frame->data = capture->made->data;
	frame->captured = capture->made->len;
}

int nfp_capture_next(NfpCapture *capture, NfpFrame *ret_frame, GError **err)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int rc = pcap_next_ex(capture->pcap, &header, &data);

	if (rc == PCAP_ERROR_BREAK)
		return 0;
	if (rc != 1) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s: damaged after frame %" G_GUINT64_FORMAT ": %s",
			    capture->path, capture->frames, pcap_geterr(capture->pcap));
		return -1;
	}
	capture->frames++;
	*ret_frame = (NfpFrame){
		.data = data,
		.captured = header->caplen,
		.wire = MAX(header->len, header->caplen),
		.cut = header->caplen < header->len,
		/* With nanosecond precision tv_usec holds nanoseconds (pcap-tstamp(7)). */
		.time = (uint64_t)header->ts.tv_sec * NFP_NS_PER_S + header->ts.tv_usec,
	};
	take_header_off(capture, ret_frame);
	return 1;
}

void nfp_capture_close(NfpCapture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	if (capture->made)
		g_byte_array_unref(capture->made);
	g_free(capture->path);
	g_free(capture);
}
