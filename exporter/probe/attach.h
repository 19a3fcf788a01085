/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks: programs on interfaces, by one of several methods (rows of attach.c). What is attached stays
 * when the daemon ends; everything here finds it again by itself.
 *
 * Methods only touch what is theirs: links pinned in the domain's directory, filters with our handle and
 * the directory's name in theirs, a qdisc that we made and that holds nothing any more. An XDP hook that is
 * taken is not theirs.
 */
#ifndef NFP_PROBE_ATTACH_H
#define NFP_PROBE_ATTACH_H

#include "probe/netlink.h"
#include "probe/netns.h"
#include "probe/probe.h"

typedef struct {
	uint32_t ifindex;
	uint8_t flags; /* NFP_KEY_EGRESS | NFP_KEY_XDP */
} NfpHook;

/* What the methods need of a domain; all borrowed. */
typedef struct {
	NfpNetns *netns;
	NfpNetlink *netlink;   /* of that namespace */
	const char *directory; /* of the domain's pins */
	const char *links;     /* <directory>/links */
	char **note;           /* what an attachment changed that somebody should be told; NULL: nobody asks */
} NfpAttachContext;

/* The XDP rows take XDP hooks (NFP_KEY_XDP), the others tc hooks: none is asked about the other kind. */
typedef struct {
	const char *name;
	bool xdp;
	/* Whether the kernel has it, tried out on the interface itself. */
	bool (*usable)(const NfpAttachContext *context, const NfpHook *hook);
	/* 1: ours is there. 0: it is not. -errno. */
	int (*find)(const NfpAttachContext *context, const NfpHook *hook);
	/* Attaches, or puts the program in the place of ours that is there, without a gap. */
	gboolean (*attach)(const NfpAttachContext *context, const NfpHook *hook, int program, GError **err);
	/* 0 also when ours is not there. */
	int (*detach)(const NfpAttachContext *context, const NfpHook *hook);
	/* Appends the hooks (NfpHook) that are attached by this method. */
	int (*list)(const NfpAttachContext *context, GArray *hooks);
	/* The interface has gone, and what was attached with it: drops what still speaks of it. */
	void (*forget)(const NfpAttachContext *context, uint32_t ifindex);
} NfpAttachMethod;

extern const NfpAttachMethod nfp_attach_tcx, nfp_attach_clsact, nfp_attach_xdp_native, nfp_attach_xdp_generic;

/* Priority of a filter with this very program that is not ours: an object of ours that somebody installed
 * with tc. 0: there is none. -errno. */
int nfp_clsact_find_copy(const NfpAttachContext *context, const NfpHook *hook, int program);

/* FALSE: somebody else's XDP program has the hook. TRUE: nobody has it, or we; or that cannot be told. */
gboolean nfp_xdp_is_free(const NfpAttachContext *context, const NfpHook *hook, GError **err);

typedef struct {
	NfpHook hook;
	const NfpAttachMethod *method;
} NfpAttached;

/* What can be known of nfp_attach() beforehand: FALSE: it would be refused for what others have there. Changes nothing. */
gboolean nfp_attach_try(const NfpAttachContext *context, const NfpHook *hook, int program, GError **err);

/* Attaches by the method that holds the hook already, else by the first of the hook's kind that is usable. */
gboolean nfp_attach(const NfpAttachContext *context, const NfpHook *hook, int program, bool force_clsact,
		    GError **err);
int nfp_attach_remove(const NfpAttachContext *context, const NfpHook *hook);
/* Fills an array of NfpAttached. */
int nfp_attach_list(const NfpAttachContext *context, GArray *ret_attached);
/* Whether ours is on the hook, by any method. */
bool nfp_attach_has(const NfpAttachContext *context, const NfpHook *hook);
void nfp_attach_forget(const NfpAttachContext *context, uint32_t ifindex);

/* Name of a hook's pin: "<ifindex>-<ingress|egress>-<tc|xdp>". */
char *nfp_attach_pin(const NfpAttachContext *context, const NfpHook *hook);
bool nfp_attach_parse(const char *name, NfpHook *ret_hook);

#endif
