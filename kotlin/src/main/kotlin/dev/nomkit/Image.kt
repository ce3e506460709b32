package dev.nomkit

import dev.nomkit.bridge.GivenImage
import java.nio.file.Path

/** A picture that goes with a prompt: JPEG, PNG, WebP or GIF, 20 MB at most. */
class Image private constructor(internal val given: GivenImage) {
    companion object {
        /**
         * A local file.
         *
         * @throws InvalidInputException it is of another file system than the machine's own
         */
        @JvmStatic
        fun file(path: Path): Image = Image(GivenImage.Path(path.local("path")))

        /** A local file. */
        @JvmStatic
        fun file(file: java.io.File): Image = Image(GivenImage.Path(file.path))

        /** Bytes of a picture; with a [mediaType], such as `image/png`, they must be of that type. */
        @JvmStatic
        @JvmOverloads
        fun bytes(bytes: ByteArray, mediaType: String? = null): Image = Image(GivenImage.Bytes(bytes, mediaType))
    }
}
