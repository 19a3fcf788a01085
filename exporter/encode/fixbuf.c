// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/fixbuf.h"

#include <fixbuf/public.h>

#include "base/error.h"
#include "record/templates.h"

#define MESSAGE_HEADER 16 /* octets, RFC 7011 3.1 */
#define SET_HEADER 4      /* octets, RFC 7011 3.3.2 */
#define MESSAGE_MAX 65535

struct NfpFixbuf {
	fbInfoModel_t *model;
	fbSession_t *session; /* owned by `buffer` once that is there */
	fBuf_t *buffer;
	fbExporter_t *exporter; /* owned by `buffer` */
	uint8_t message[MESSAGE_MAX];
};

/* Names and comments of elements are read only; libfixbuf's struct lacks the const. */
static fbInfoElement_t element_of(const NfpField *field, uint32_t pen)
{
	static const uint8_t unsigneds[] = { [1] = FB_UINT_8, [2] = FB_UINT_16, [4] = FB_UINT_32, [8] = FB_UINT_64 };
	fbInfoElement_t element = {
		.ent = nfp_field_pen(field, pen), .num = field->id, .len = field->length,
		.description = (char *)field->help,
	};

	element.ref.name = field->name;
	switch (field->kind) {
	case NFP_KIND_U:
		element.type = unsigneds[field->length];
		element.flags = FB_IE_F_ENDIAN;
		break;
	case NFP_KIND_ADDR4:
		element.type = FB_IP4_ADDR;
		element.flags = FB_IE_F_ENDIAN;
		break;
	case NFP_KIND_ADDR6: element.type = FB_IP6_ADDR; break;
	case NFP_KIND_MAC: element.type = FB_MAC_ADDR; break;
	case NFP_KIND_UPTIME: /* in libfixbuf's own model */
	case NFP_KIND_MS: element.type = FB_DT_MILSEC; element.flags = FB_IE_F_ENDIAN; break;
	case NFP_KIND_NS: element.type = FB_DT_NANOSEC; element.flags = FB_IE_F_ENDIAN; break;
	case NFP_KIND_TEXT:
		element.type = FB_STRING;
		element.len = FB_IE_VARLEN;
		break;
	}
	return element;
}

/* Elements of fields.def that libfixbuf does not know: those of enterprises, and IANA's latest. */
static void add_elements(fbInfoModel_t *model, uint32_t pen)
{
	for (guint i = 0; i < nfp_fields_n; i++) {
		fbInfoElement_t element = element_of(&nfp_fields[i], pen);

		if (!fbInfoModelGetElementByName(model, nfp_fields[i].name))
			fbInfoModelAddElement(model, &element);
	}
}

NfpFixbuf *nfp_fixbuf_new(uint32_t pen)
{
	NfpFixbuf *fixbuf = g_new0(NfpFixbuf, 1);

	fixbuf->model = fbInfoModelAlloc();
	add_elements(fixbuf->model, pen);
	fixbuf->session = fbSessionAlloc(fixbuf->model);
	return fixbuf;
}

void nfp_fixbuf_free(NfpFixbuf *fixbuf)
{
	if (fixbuf == NULL)
		return;
	if (fixbuf->buffer != NULL)
		fBufFree(fixbuf->buffer);
	else
		fbSessionFree(fixbuf->session);
	fbInfoModelFree(fixbuf->model);
	g_free(fixbuf);
}

/* libfixbuf's error as one of ours. */
static gboolean fail(GError **err, GError *theirs, const char *what)
{
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "libfixbuf: %s: %s", what,
		    theirs != NULL ? theirs->message : "no reason given");
	g_clear_error(&theirs);
	return FALSE;
}

static gboolean append_element(NfpFixbuf *fixbuf, fbTemplate_t *template, const NfpElement *element,
			       GError **err)
{
	const fbInfoElement_t *known = fbInfoModelGetElementByName(fixbuf->model, element->name);
	g_autofree char *name = g_strdup(element->name);
	fbInfoElementSpec_t spec = { .name = name, .len_override = element->length };
	GError *theirs = NULL;

	if (known == NULL || known->ent != element->pen || known->num != element->id) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "libfixbuf's information model has no %s with id %u/%u", element->name,
			    element->pen, element->id);
		return FALSE;
	}
	if (!fbTemplateAppendSpec(template, &spec, 0, &theirs))
		return fail(err, theirs, element->name);
	return TRUE;
}

gboolean nfp_fixbuf_add(NfpFixbuf *fixbuf, uint16_t id, const NfpElement *elements, guint n,
			guint scope, GError **err)
{
	fbTemplate_t *template = fbTemplateAlloc(fixbuf->model);
	GError *theirs = NULL;

	for (guint i = 0; i < n; i++) {
		if (!append_element(fixbuf, template, &elements[i], err)) {
			fbTemplateFreeUnused(template);
			return FALSE;
		}
	}
	if (scope > 0)
		fbTemplateSetOptionsScope(template, (uint16_t)scope);
	/* The wire's layout, and for libfixbuf's own copying the layout of what it is given: the
	 * same. */
	if (fbSessionAddTemplate(fixbuf->session, FALSE, id, template, &theirs) == 0 ||
	    fbSessionAddTemplate(fixbuf->session, TRUE, id, template, &theirs) == 0) {
		fbTemplateFreeUnused(template);
		return fail(err, theirs, "template");
	}
	return TRUE;
}

void nfp_fixbuf_start(NfpFixbuf *fixbuf)
{
	fixbuf->exporter = fbExporterAllocBuffer(fixbuf->message, sizeof(fixbuf->message));
	fixbuf->buffer = fBufAllocForExport(fixbuf->session, fixbuf->exporter);
	fBufSetAutomaticMode(fixbuf->buffer, FALSE);
}

/* Ends the message in hand and returns what its one Set holds. */
static GBytes *take(NfpFixbuf *fixbuf, GError **err)
{
	GError *theirs = NULL;

	if (!fBufEmit(fixbuf->buffer, &theirs)) {
		fail(err, theirs, "message");
		return NULL;
	}

	gsize length = fbExporterGetMsgLen(fixbuf->exporter);
	const uint8_t *set = fixbuf->message + MESSAGE_HEADER;

	/* One Set that fills the message, or this is not the libfixbuf that we know. */
	if (length <= MESSAGE_HEADER + SET_HEADER ||
	    (gsize)(set[2] << 8 | set[3]) != length - MESSAGE_HEADER) {
		fail(err, NULL, "unexpected message");
		return NULL;
	}
	return g_bytes_new(set + SET_HEADER, length - MESSAGE_HEADER - SET_HEADER);
}

GBytes *nfp_fixbuf_template(NfpFixbuf *fixbuf, uint16_t id, GError **err)
{
	GError *theirs = NULL;

	if (!fbSessionExportTemplate(fixbuf->session, id, &theirs)) {
		/* FB_ERROR_EOM: the first template after data wants a new message, and this is one
		 * now. */
		g_clear_error(&theirs);
		if (!fBufEmit(fixbuf->buffer, &theirs) ||
		    !fbSessionExportTemplate(fixbuf->session, id, &theirs)) {
			fail(err, theirs, "template");
			return NULL;
		}
	}
	return take(fixbuf, err);
}
