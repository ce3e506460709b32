package dev.nomkit

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Files
import java.nio.file.Path

/** Pictures that go with a prompt. */
class ImagesTest : World() {
    @TempDir
    lateinit var folder: Path

    private val png = byteArrayOf(0x89.toByte()) + "PNG\r\n\u001a\n".toByteArray() + ByteArray(100)

    @Test
    fun `they come from files and from bytes, with a launch and with a follow-up`() =
        test {
            val path = Files.write(folder.resolve("site.png"), png)
            val images = listOf(Image.file(path), Image.file(path.toFile()), Image.bytes(png))
            val run = nomic.agents.launch("Look", images = images + Image.bytes(png, "image/png"))
            run.wait()
            assertEquals(2, run.followUp("And here?", images).turn)
        }

    @Test
    fun `what is no picture, or too many, is refused before it is sent`() =
        test {
            failure<InvalidInputException> { nomic.agents.launch("Look", images = List(5) { Image.bytes(png) }) }
            failure<InvalidInputException> { nomic.agents.launch("Look", images = listOf(Image.bytes(ByteArray(9)))) }
            val wrong = Image.bytes(png, "image/gif")
            failure<InvalidInputException> { nomic.agents.launch("Look", images = listOf(wrong)) }
            val missing = Image.file(folder.resolve("missing.png"))
            failure<LocalIoException> { nomic.agents.launch("Look", images = listOf(missing)) }
            assertEquals(emptyList<Any>(), requests())
        }
}
