/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BPF links that are pinned under links/: what the methods tcx and xdp have in common. The pin holds the
 * link, the link the program. Without the interface the link is dead (ifindex 0). */
#ifndef NFP_PROBE_PINNED_H
#define NFP_PROBE_PINNED_H

#include <linux/bpf.h>

#include "probe/attach.h"

/* struct bpf_link_info as it begins for links of interfaces; attach_type is TCX's alone (6.6). */
typedef struct {
	uint32_t type, id, prog_id, pad;
	uint32_t ifindex; /* 0: the interface has gone */
	uint32_t attach_type;
	uint8_t room[sizeof(struct bpf_link_info)];
} NfpPinnedInfo;

/* Opens the pinned link of a hook, if it is of this type (BPF_LINK_TYPE_*) and alive; the descriptor is the
 * caller's. -ENOENT: there is none, or it is dead. */
int nfp_pinned_open(const NfpAttachContext *context, const NfpHook *hook, uint32_t type, NfpPinnedInfo *ret_info);
/* The new program in the place of the old one, without a gap. *ret_alive: false when the link died before. */
gboolean nfp_pinned_update(int link, int program, bool *ret_alive, GError **err);
/* Pins a new link in the place of a dead one. Not pinned, it ends with its descriptor. */
gboolean nfp_pinned_keep(const NfpAttachContext *context, const NfpHook *hook, int link, GError **err);
/* At once, whoever else holds the link. 0 also when there is none. */
int nfp_pinned_remove(const NfpAttachContext *context, const NfpHook *hook);
/* Appends the hooks of pins for which find() says 1. */
int nfp_pinned_list(const NfpAttachContext *context,
		    int (*find)(const NfpAttachContext *context, const NfpHook *hook), GArray *hooks);

#endif
