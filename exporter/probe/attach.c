/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "probe/pins.h"

/* Best first. */
static const NfpAttachMethod *const methods[] = { &nfp_attach_tcx, &nfp_attach_clsact };

static void pin_name(const NfpHook *hook, char ret[NFP_PIN_NAME_MAX])
{
	snprintf(ret, NFP_PIN_NAME_MAX, "%u-%s-tc", hook->ifindex,
		 hook->flags & NFP_KEY_EGRESS ? "egress" : "ingress");
}

char *nfp_attach_pin(const NfpAttachContext *context, const NfpHook *hook)
{
	char name[NFP_PIN_NAME_MAX];

	pin_name(hook, name);
	return g_build_filename(context->links, name, NULL);
}

bool nfp_attach_parse(const char *name, NfpHook *ret_hook)
{
	NfpHook hook = { .ifindex = (uint32_t)g_ascii_strtoull(name, NULL, 10) };
	char again[NFP_PIN_NAME_MAX];

	if (strstr(name, "-egress-"))
		hook.flags = NFP_KEY_EGRESS;
	pin_name(&hook, again);
	if (!hook.ifindex || strcmp(again, name))
		return false;
	*ret_hook = hook;
	return true;
}

gboolean nfp_attach(const NfpAttachContext *context, const NfpHook *hook, int program, bool force_clsact,
		    GError **err)
{
	const NfpAttachMethod *method = NULL;
	int copy = nfp_clsact_find_copy(context, hook, program);

	/* Not being able to look is no reason not to attach. */
	if (copy > 0) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "an object of nfprobe was installed there with tc (%s, pref %d), and packets would be "
			    "counted twice: remove it with \"tc filter del dev ... %s pref %d\"",
			    hook->flags & NFP_KEY_EGRESS ? "egress" : "ingress", copy,
			    hook->flags & NFP_KEY_EGRESS ? "egress" : "ingress", copy);
		return FALSE;
	}

	/* What holds the hook keeps it: a change of method would leave a gap or count twice. */
	for (guint i = 0; !method && i < G_N_ELEMENTS(methods); i++) {
		if (methods[i]->find(context, hook) == 1)
			method = methods[i];
	}
	if (!method && force_clsact)
		method = &nfp_attach_clsact;
	for (guint i = 0; !method && i < G_N_ELEMENTS(methods); i++) {
		if (methods[i]->usable(context, hook))
			method = methods[i];
	}
	if (!method) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_CANNOT,
			    "the kernel has neither TCX links (6.6) nor the clsact qdisc (CONFIG_NET_CLS_BPF)");
		return FALSE;
	}
	if (method->attach(context, hook, program, err))
		return TRUE;
	g_prefix_error(err, "%s: ", method->name);
	return FALSE;
}

int nfp_attach_remove(const NfpAttachContext *context, const NfpHook *hook)
{
	int first = 0;

	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		int rc = methods[i]->detach(context, hook);

		first = first ? first : rc;
	}
	return first;
}

int nfp_attach_list(const NfpAttachContext *context, GArray *ret_attached)
{
	g_autoptr(GArray) attached = g_array_new(FALSE, FALSE, sizeof(NfpAttached));

	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHook));
		int rc = methods[i]->list(context, hooks);

		if (rc)
			return rc;
		for (guint j = 0; j < hooks->len; j++) {
			NfpAttached one = { g_array_index(hooks, NfpHook, j), methods[i] };

			g_array_append_val(attached, one);
		}
	}
	g_array_set_size(ret_attached, 0);
	if (attached->len)
		g_array_append_vals(ret_attached, attached->data, attached->len);
	return 0;
}

void nfp_attach_forget(const NfpAttachContext *context, uint32_t ifindex)
{
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++)
		methods[i]->forget(context, ifindex);
}
