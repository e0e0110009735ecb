/* The methods of the Python relay by which what streams receive is copied. */
#include "relay_object.h"

PyObject *Relay_open_tap(PyObject *object, PyObject *Py_UNUSED(unused))
{
	uint64_t tap;
	int fault = relay_tap_open(relay_of(object), &tap);

	return fault != 0 ? relay_refuse(fault, "") : PyLong_FromUnsignedLongLong(tap);
}

PyObject *Relay_tap(PyObject *object, PyObject *args)
{
	unsigned long long handle, tap;
	unsigned char channel;

	if (!PyArg_ParseTuple(args, "KKb", &handle, &tap, &channel))
		return NULL;
	return relay_answer(relay_tap(relay_of(object), handle, tap, channel),
			    "only an RTP stream can be tapped");
}

PyObject *Relay_take(PyObject *object, PyObject *args)
{
	static uint8_t taken[TAP_BYTES]; /* the GIL is held, and there is one control thread */
	unsigned long long tap;
	size_t size;
	int fault;

	if (!PyArg_ParseTuple(args, "K", &tap))
		return NULL;
	fault = relay_tap_take(relay_of(object), tap, taken, &size);
	return fault != 0 ? relay_refuse(fault, "")
			  : PyBytes_FromStringAndSize((const char *)taken, (Py_ssize_t)size);
}

PyObject *Relay_close_tap(PyObject *object, PyObject *args)
{
	unsigned long long tap;

	if (!PyArg_ParseTuple(args, "K", &tap))
		return NULL;
	relay_tap_close(relay_of(object), tap);
	Py_RETURN_NONE;
}

PyObject *Relay_tap_dropped(PyObject *object, PyObject *Py_UNUSED(unused))
{
	return PyLong_FromUnsignedLongLong(relay_tap_dropped(relay_of(object)));
}
