package dev.nomkit

import java.nio.ByteBuffer

/** Counts and sizes of the core, which has unsigned ones, as Kotlin and Java have them: what is larger is the largest. */
internal object SignedShort : FfiConverter<Int, Short> {
    override fun lift(value: Short): Int = value.toInt() and 0xffff

    override fun lower(value: Int): Short = counted(value).toShort()

    override fun read(buf: ByteBuffer): Int = lift(buf.getShort())

    override fun allocationSize(value: Int) = Short.SIZE_BYTES.toULong()

    override fun write(value: Int, buf: ByteBuffer) {
        buf.putShort(lower(value))
    }
}

internal object SignedInt : FfiConverter<Int, Int> {
    override fun lift(value: Int): Int = if (value < 0) Int.MAX_VALUE else value

    override fun lower(value: Int): Int = counted(value)

    override fun read(buf: ByteBuffer): Int = lift(buf.getInt())

    override fun allocationSize(value: Int) = Int.SIZE_BYTES.toULong()

    override fun write(value: Int, buf: ByteBuffer) {
        buf.putInt(lower(value))
    }
}

internal object SignedLong : FfiConverter<Long, Long> {
    override fun lift(value: Long): Long = if (value < 0) Long.MAX_VALUE else value

    override fun lower(value: Long): Long = counted(value)

    override fun read(buf: ByteBuffer): Long = lift(buf.getLong())

    override fun allocationSize(value: Long) = Long.SIZE_BYTES.toULong()

    override fun write(value: Long, buf: ByteBuffer) {
        buf.putLong(lower(value))
    }
}

/** What is negative would be taken for something huge. */
private fun <T : Number> counted(value: T): T {
    if (value.toLong() < 0) throw local("invalid_input", "A count or a size is not negative; what is given is $value.")
    return value
}
