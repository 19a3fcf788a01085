// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attaches a program that does nothing to an interface's ingress (tcx, or xdp), says "ready" and keeps it there until
 * its standard input ends: what a hook costs before anybody counts.
 *
 *   empty INTERFACE tcx|xdp
 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "empty.skel.h"

#define TCX_INGRESS 46 /* linux/bpf.h 6.6: BPF_TCX_INGRESS */

int main(int argc, char **argv)
{
	unsigned ifindex = argc == 3 ? if_nametoindex(argv[1]) : 0;
	struct empty_bpf *skel;
	char c;
	int link;

	if (!ifindex) {
		fprintf(stderr, "usage: empty INTERFACE tcx|xdp\n");
		return 2;
	}
	skel = empty_bpf__open_and_load();
	if (!skel)
		return 1;
	link = strcmp(argv[2], "xdp") ? bpf_link_create(bpf_program__fd(skel->progs.empty_tc), (int)ifindex,
							(enum bpf_attach_type)TCX_INGRESS, NULL)
				      : bpf_link_create(bpf_program__fd(skel->progs.empty_xdp), (int)ifindex, BPF_XDP, NULL);
	if (link < 0) {
		perror("empty: attach");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	close(link);
	empty_bpf__destroy(skel);
	return 0;
}
