/*
 * The relay as a Python type: arguments, errors and ownership, and no decision.
 *
 * The Python object owns the relay.  Its methods are called from one thread and keep the GIL,
 * because they only queue; `stop` joins the worker and lets go of it.
 */
#include "audio_module.h"
#include "relay_object.h"

#include <errno.h>

typedef struct {
	PyObject_HEAD
	struct relay *relay;
} RelayObject;

PyObject *relay_refuse(int fault, const char *demand)
{
	errno = -fault;
	switch (-fault) {
	case ENOENT:
		PyErr_SetString(PyExc_LookupError, "no such stream");
		return NULL;
	case ENOMEM:
		return PyErr_NoMemory();
	case EINVAL:
		PyErr_SetString(PyExc_ValueError, demand);
		return NULL;
	case EAFNOSUPPORT:
		return PyErr_SetFromErrno(PyExc_ValueError);
	default:
		return PyErr_SetFromErrno(PyExc_OSError);
	}
}

PyObject *relay_answer(int fault, const char *demand)
{
	if (fault != 0)
		return relay_refuse(fault, demand);
	Py_RETURN_NONE;
}

/* A converter for "O&": a port, 0-65535. */
static int read_port(PyObject *object, void *port)
{
	long value = PyLong_AsLong(object);

	if (value == -1 && PyErr_Occurred() != NULL)
		return 0;
	if (value < 0 || value > UINT16_MAX) {
		PyErr_SetString(PyExc_ValueError, "a port is 0-65535");
		return 0;
	}
	*(uint16_t *)port = (uint16_t)value;
	return 1;
}

static bool read_address(const char *host, uint16_t port, struct address *address)
{
	if (address_read(host, port, address))
		return true;
	PyErr_Format(PyExc_ValueError, "not a numeric address: %s", host);
	return false;
}

struct relay *relay_of(PyObject *object)
{
	return ((RelayObject *)object)->relay;
}

static PyObject *Relay_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "streams", "packets_per_second", "gather_us", "notices", NULL };
	allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
	struct relay_limits limits = { 0 };
	PyObject *object;
	int fault;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "IIII", names, &limits.streams,
					 &limits.packets_per_second, &limits.gather_us,
					 &limits.notices))
		return NULL;
	object = allocate(type, 0);
	if (object == NULL)
		return NULL;
	fault = relay_make(&((RelayObject *)object)->relay, &limits);
	if (fault == 0)
		return object;
	Py_DECREF(object);
	return relay_refuse(fault, "there must be room for a stream and for a notice");
}

static void Relay_dealloc(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

	if (relay_of(object) != NULL)
		relay_free(relay_of(object));
	release(object);
	Py_DECREF(type);
}

static PyObject *Relay_start(PyObject *object, PyObject *Py_UNUSED(unused))
{
	return relay_answer(relay_start(relay_of(object)), "");
}

static PyObject *Relay_stop(PyObject *object, PyObject *Py_UNUSED(unused))
{
	struct relay *relay = relay_of(object);

	Py_BEGIN_ALLOW_THREADS /* joins the worker */
	relay_stop(relay);
	Py_END_ALLOW_THREADS
	Py_RETURN_NONE;
}

static PyObject *Relay_fileno(PyObject *object, PyObject *Py_UNUSED(unused))
{
	return PyLong_FromLong(relay_descriptor(relay_of(object)));
}

static PyObject *notice_tuple(const struct notice *notice)
{
	char digit[2] = { notice->digit, '\0' };

	return Py_BuildValue("iKsIL", (int)notice->kind, (unsigned long long)notice->stream, digit,
			     (unsigned int)notice->duration_ms, (long long)notice->token);
}

static PyObject *Relay_notices(PyObject *object, PyObject *Py_UNUSED(unused))
{
	PyObject *list = PyList_New(0);
	struct notice notice;

	if (list == NULL)
		return NULL;
	relay_hush(relay_of(object));
	while (relay_take_notice(relay_of(object), &notice)) {
		PyObject *tuple = notice_tuple(&notice);

		if (tuple == NULL || PyList_Append(list, tuple) != 0) {
			Py_XDECREF(tuple);
			Py_DECREF(list);
			return NULL;
		}
		Py_DECREF(tuple);
	}
	return list;
}

static PyObject *Relay_notices_dropped(PyObject *object, PyObject *Py_UNUSED(unused))
{
	return PyLong_FromUnsignedLongLong(relay_notices_dropped(relay_of(object)));
}

static PyObject *Relay_open(PyObject *object, PyObject *args)
{
	struct address local;
	const char *host;
	uint64_t handle;
	uint16_t port;
	int raw, fault;

	if (!PyArg_ParseTuple(args, "psO&", &raw, &host, read_port, &port) ||
	    !read_address(host, port, &local))
		return NULL;
	fault = relay_open(relay_of(object), raw ? STREAM_RAW : STREAM_RTP, &local, &handle);
	return fault != 0 ? relay_refuse(fault, "the relay is not started")
			  : PyLong_FromUnsignedLongLong(handle);
}

static bool is_payload_type(int value)
{
	return value >= 0 && value <= RTP_PAYLOAD_TYPE_MOST;
}

static PyObject *Relay_aim(PyObject *object, PyObject *args)
{
	struct aim aim = { .rtcp = address_none() };
	uint16_t port, rtcp_port;
	unsigned long long handle;
	int nat, payload_type, event_type;
	unsigned int blocked;
	const char *host;

	if (!PyArg_ParseTuple(args, "KsO&O&piiI", &handle, &host, read_port, &port, read_port,
			      &rtcp_port, &nat, &payload_type, &event_type, &blocked) ||
	    !read_address(host, port, &aim.rtp))
		return NULL;
	if (!is_payload_type(payload_type) ||
	    (event_type != VOICE_NO_EVENTS && !is_payload_type(event_type)))
		return relay_refuse(-EINVAL, "a payload type is 0-127; -1 is no event type");
	if (rtcp_port != 0)
		aim.rtcp = address_with_port(&aim.rtp, rtcp_port);
	aim.nat = nat != 0;
	aim.format.payload_type = (uint8_t)payload_type;
	aim.format.event_type = event_type;
	aim.blocked_events = (uint16_t)blocked;
	return relay_answer(relay_aim(relay_of(object), handle, &aim), "");
}

static PyObject *Relay_link(PyObject *object, PyObject *args)
{
	unsigned long long a, b;

	if (!PyArg_ParseTuple(args, "KK", &a, &b))
		return NULL;
	return relay_answer(relay_link(relay_of(object), a, b),
			    "a stream cannot be linked with itself");
}

static PyObject *Relay_unlink(PyObject *object, PyObject *args)
{
	unsigned long long handle;

	if (!PyArg_ParseTuple(args, "K", &handle))
		return NULL;
	return relay_answer(relay_unlink(relay_of(object), handle), "");
}

static PyObject *Relay_play(PyObject *object, PyObject *args)
{
	unsigned long long handle;
	const char *octets;
	Py_ssize_t size;
	long long token;
	int loop;

	if (!PyArg_ParseTuple(args, "KLy#p", &handle, &token, &octets, &size, &loop))
		return NULL;
	return relay_answer(relay_play(relay_of(object), handle, token, (const uint8_t *)octets,
				       (size_t)size, loop != 0),
			    "only an RTP stream can play");
}

static PyObject *Relay_press(PyObject *object, PyObject *args)
{
	unsigned long long handle;
	const char *digits;
	long long token;

	if (!PyArg_ParseTuple(args, "KLs", &handle, &token, &digits))
		return NULL;
	return relay_answer(relay_press(relay_of(object), handle, token, digits),
			    "only an RTP stream can press, and only 0-9A-D*#wW, 64 at most");
}

static PyObject *Relay_quiet(PyObject *object, PyObject *args)
{
	unsigned long long handle;

	if (!PyArg_ParseTuple(args, "K", &handle))
		return NULL;
	return relay_answer(relay_quiet(relay_of(object), handle), "");
}

static PyObject *Relay_watch(PyObject *object, PyObject *args)
{
	unsigned long long handle, watch_ns;

	if (!PyArg_ParseTuple(args, "KK", &handle, &watch_ns))
		return NULL;
	return relay_answer(relay_watch(relay_of(object), handle, watch_ns), "");
}

static PyObject *counts_tuple(int fault, const struct relay_counts *counts)
{
	if (fault != 0)
		return relay_refuse(fault, "");
	return Py_BuildValue(
		"KKKKKKL", (unsigned long long)counts->received_packets,
		(unsigned long long)counts->received_bytes,
		(unsigned long long)counts->sent_packets, (unsigned long long)counts->sent_bytes,
		(unsigned long long)counts->dropped_packets,
		(unsigned long long)counts->rtcp_packets, (long long)counts->last_received_ms_ago);
}

static PyObject *Relay_counts(PyObject *object, PyObject *args)
{
	struct relay_counts counts;
	unsigned long long handle;

	if (!PyArg_ParseTuple(args, "K", &handle))
		return NULL;
	return counts_tuple(relay_count(relay_of(object), handle, &counts), &counts);
}

static PyObject *Relay_close(PyObject *object, PyObject *args)
{
	struct relay_counts counts;
	unsigned long long handle;

	if (!PyArg_ParseTuple(args, "K", &handle))
		return NULL;
	return counts_tuple(relay_close(relay_of(object), handle, &counts), &counts);
}

static PyMethodDef relay_methods[] = {
	{ "start", Relay_start, METH_NOARGS, NULL },
	{ "stop", Relay_stop, METH_NOARGS, NULL },
	{ "fileno", Relay_fileno, METH_NOARGS, NULL },
	{ "notices", Relay_notices, METH_NOARGS, NULL },
	{ "notices_dropped", Relay_notices_dropped, METH_NOARGS, NULL },
	{ "open", Relay_open, METH_VARARGS, NULL },
	{ "aim", Relay_aim, METH_VARARGS, NULL },
	{ "link", Relay_link, METH_VARARGS, NULL },
	{ "unlink", Relay_unlink, METH_VARARGS, NULL },
	{ "play", Relay_play, METH_VARARGS, NULL },
	{ "press", Relay_press, METH_VARARGS, NULL },
	{ "quiet", Relay_quiet, METH_VARARGS, NULL },
	{ "watch", Relay_watch, METH_VARARGS, NULL },
	{ "open_tap", Relay_open_tap, METH_NOARGS, NULL },
	{ "tap", Relay_tap, METH_VARARGS, NULL },
	{ "take", Relay_take, METH_VARARGS, NULL },
	{ "close_tap", Relay_close_tap, METH_VARARGS, NULL },
	{ "tap_dropped", Relay_tap_dropped, METH_NOARGS, NULL },
	{ "counts", Relay_counts, METH_VARARGS, NULL },
	{ "close", Relay_close, METH_VARARGS, NULL },
	{ NULL, NULL, 0, NULL },
};

static PyType_Slot relay_slots[] = {
	{ Py_tp_doc, "An RTP relay with a thread of its own; see _relay.pyi." },
	{ Py_tp_new, Relay_new },
	{ Py_tp_dealloc, Relay_dealloc },
	{ Py_tp_methods, relay_methods },
	{ 0, NULL },
};

static PyType_Spec relay_spec = {
	.name = "b2bua.media._relay.Relay",
	.basicsize = sizeof(RelayObject),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = relay_slots,
};

static int add_relay_type(PyObject *module)
{
	PyObject *type = PyType_FromSpec(&relay_spec);
	int result;

	if (type == NULL)
		return -1;
	result = PyModule_AddObjectRef(module, "Relay", type);
	Py_DECREF(type);
	return result;
}

static PyModuleDef_Slot module_slots[] = {
	{ Py_mod_exec, add_relay_type },
	{ 0, NULL },
};

static struct PyModuleDef module_definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "b2bua.media._relay",
	.m_methods = audio_functions,
	.m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__relay(void)
{
	return PyModuleDef_Init(&module_definition);
}
