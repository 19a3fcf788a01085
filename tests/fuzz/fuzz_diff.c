// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser natively and the loaded program by BPF_PROG_TEST_RUN on the same octets: one entry, of the same row, with the
 * same key and outcome. First byte: whether tunnels are taken off. Needs root and BPF: without, it is skipped with a sentence
 * (77). Coverage is that of the native side.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "ebpf/decap.h"
#include "ebpf/parse.h"
#include "nfprobe.skel.h"
#include "probe/load.h"

#define LENGTH 60000000000ull
#define START (1020 * 1000000000ull)
#define ALL_TUNNELS ((1u << NFP_T_N) - 2)

typedef struct {
	struct nfprobe_bpf *skel;
	int rows[NFP_P_N]; /* inner maps */
} Side;

static Side sides[2]; /* without and with tunnels taken off */

static void must(gboolean sound)
{
	if (!sound)
		abort();
}

static void skip(const char *why)
{
	printf("skipped: %s\n", why);
	fflush(stdout);
	_exit(77);
}

static void begin(Side *side, uint32_t mask)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	struct nfp_config config = { .abi = NFP_ABI_HASH, .clock[0] = { .length = LENGTH } };
	struct nfp_bucket id = { START, START + LENGTH };
	uint32_t zero = 0;

	side->skel = nfp_load_open();
	if (!side->skel)
		skip("the BPF object cannot be opened");
	side->skel->rodata->knob_clock = 1; /* NFP_CLOCK_CAPTURE */
	side->skel->rodata->knob_decap = mask;
	if (nfprobe_bpf__load(side->skel))
		skip("this kernel or user loads no BPF program: run it as root");
	must(!bpf_map_update_elem(bpf_object__find_map_fd_by_name(side->skel->obj, "config"), &zero, &config, BPF_ANY));
	for (int row = 0; row <= NFP_P_N; row++) {
		const char *name = nfp_load_row_name(row);
		int fd = bpf_map_create(BPF_MAP_TYPE_HASH, name, (uint32_t)nfp_load_key_size(row),
					(uint32_t)nfp_load_value_size(row), 64, &options);

		must(fd >= 0);
		must(!bpf_map_update_elem(bpf_object__find_map_fd_by_name(side->skel->obj, name), &id, &fd, BPF_ANY));
		if (row < NFP_P_N)
			side->rows[row] = fd;
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	cpu_set_t cpus;

	libbpf_set_print(NULL);
	if (geteuid() != 0)
		skip("loading BPF programs takes root");
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	must(!sched_setaffinity(0, sizeof(cpus), &cpus));
	begin(&sides[0], 0);
	begin(&sides[1], ALL_TUNNELS);
	return 0;
}

typedef struct {
	guint n;
	int row;
	uint8_t key[sizeof(struct nfp_key_tunnel)];
	struct nfp_value value;
} Entry;

/* All that the packet left; FALSE: the kernel runs no such frame. */
static gboolean run(const Side *side, const uint8_t *frame, uint32_t length, Entry *ret)
{
	struct __sk_buff skb = { .ifindex = 1, .tstamp = START };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = length, .ctx_in = &skb,
		    .ctx_size_in = sizeof(skb), .repeat = 1);
	int rc = bpf_prog_test_run_opts(bpf_program__fd(side->skel->progs.nfprobe_tc), &opts);

	if (rc)
		return FALSE;
	must((int32_t)opts.retval == -1);
	*ret = (Entry){ .row = -1 };
	for (int row = 0; row < NFP_P_N; row++) {
		uint8_t key[sizeof(struct nfp_key_tunnel)];

		while (!bpf_map_get_next_key(side->rows[row], NULL, key)) {
			ret->n++;
			ret->row = row;
			memcpy(ret->key, key, sizeof(key));
			must(!bpf_map_lookup_elem(side->rows[row], key, &ret->value));
			must(!bpf_map_delete_elem(side->rows[row], key));
		}
	}
	return TRUE;
}

static void parse(const uint8_t *frame, uint32_t length, uint32_t mask, struct nfp_decap *d)
{
	struct nfp_view v = { .base = frame, .end = frame + length, .frame = length };
	struct nfp_packet outer;

	nfp_parse(&v, NFP_LINK_ETHERNET, 0, &outer);
	nfp_decap_begin(d, &outer);
	if (!nfp_may_be_tunnel(&outer))
		return;
	for (int i = 0; i <= NFP_DECAP_MAX; i++) {
		v.end = frame + length;
		if (!nfp_decap_step(&v, d, length, mask))
			break;
	}
}

static void check_addresses(const Entry *entry, const struct nfp_packet *p)
{
	const struct nfp_key_eth *eth = (const void *)entry->key;

	if (entry->row == NFP_P_tunnel)
		must(!memcmp(entry->key, p->addr, 32));
	else if (p->row == NFP_P_eth)
		must(!memcmp(eth->smac, p->smac, 6) && !memcmp(eth->dmac, p->dmac, 6) && eth->ethertype == p->ethertype);
	else if (p->family == 4)
		must(!memcmp(entry->key, p->addr, 4) && !memcmp(entry->key + 4, p->addr + 4, 4));
	else
		must(!memcmp(entry->key, p->addr, 32));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gboolean tunnels = size && data[0] & 1;
	const Side *side = &sides[tunnels];
	uint8_t frame[NFP_HEAD_MAX];
	const struct nfp_key_meta *meta;
	const struct nfp_packet *p;
	struct nfp_decap d;
	Entry entry;
	uint32_t length;

	if (size < 15)
		return 0;
	length = (uint32_t)MIN(size - 1, sizeof(frame));
	memcpy(frame, data + 1, length);
	parse(frame, length, tunnels ? ALL_TUNNELS : 0, &d);
	p = &d.flow;
	if (!run(side, frame, length, &entry))
		return 0;
	must(entry.n == 1 && entry.row == (d.depth ? NFP_P_tunnel : p->row));
	must(entry.value.packets == 1 && entry.value.l2_octets == length && entry.value.ttl_min == p->ttl);
	must(entry.value.tcp_flags == p->tcp_flags && entry.value.flags == p->value_flags);
	must(!p->ip_len || entry.value.octets == p->ip_len);
	check_addresses(&entry, p);
	meta = (const void *)(entry.key + nfp_load_key_size(entry.row) - sizeof(*meta));
	must(meta->ifindex == 1 && meta->vlan == p->vlan[0] && meta->cvlan == p->vlan[1]);
	if (p->row != NFP_P_eth && p->row != NFP_P_ipv4 && p->row != NFP_P_ipv6)
		must(meta->l4 == p->l4);
	return 0;
}
