"""The comparison of packages sees what their sources say."""

from __future__ import annotations

from parity import differences
from surfaces import Members, kotlin, swift

KOTLIN = """
package dev.nomkit

import kotlin.time.Duration

/** A `class Comment(` is none. */
class Files internal constructor(private val bridge: FilesBridge) {
    /** Uploads: `fun none(a: Int)`. */
    @JvmOverloads
    suspend fun upload(
        source: Source,
        path: String? = null,
        onProgress: ((Progress) -> Unit)? = null,
    ): File {
        val within = listOf(1)
        return call(onProgress) { cancel -> bridge.upload(source, cancel) }
    }

    val size: Int get() = 1

    internal fun hidden(secret: Int) = secret

    fun key(vararg scopes: String) = scopes

    fun key(more: Map<String, List<Int>> = mapOf("a" to listOf(1))) = more

    override fun toString() = "Files"

    companion object {
        fun start(data: Path): Files = Files(data)

        private fun own() = 1
    }
}

class Nomic(
    domain: String? = null,
    apiKey: String? = null,
) : AutoCloseable {
    override fun close() {
        bridge.shut()
    }
}

internal class Hidden {
    fun hidden() = 1
}

suspend fun Artifact.download(folder: Path): Path = folder
"""
SWIFT = """
import Foundation

/// A `public struct Comment`.
public struct Files: Sendable {
    private let bridge: FilesBridge
    public let size: Int

    /// Uploads.
    @discardableResult
    public func upload(
        _ source: Source, path: String? = nil,
        onProgress: (@Sendable (_ progress: Progress) async -> Void)? = nil
    ) async throws -> File {
        let within = 1
    }

    public init(domain: String? = nil, apiKey: String? = nil) throws {}

    func hidden(_ secret: Int) {}

    @discardableResult public func key(_ scopes: [String: Int] = [:]) -> Int { 1 }

    public struct Iterator {
        public mutating func next() -> Int { 1 }
    }

    public var description: String { "Files" }
}

struct Hidden {
    public func hidden() {}
}

extension Artifact {
    public static func download(to folder: URL) -> URL { folder }
}
"""


def test_kotlin() -> None:
    assert kotlin(KOTLIN) == {
        "Files": {
            "upload": {"source", "path", "onProgress"},
            "size": None,
            "key": {"scopes", "more"},
            "start": {"data"},
        },
        "Nomic": {"constructor": {"domain", "apiKey"}, "close": set()},
        "Artifact": {"download": {"folder"}},
    }


def test_swift() -> None:
    assert swift(SWIFT) == {
        "Files": {
            "size": None,
            "upload": {"source", "path", "onProgress"},
            "constructor": {"domain", "apiKey"},
            "key": {"scopes"},
        },
        "Artifact": {"download": {"folder"}},
    }


def test_every_kind_of_difference_is_told() -> None:
    python: dict[str, Members] = {"A": {"same": {"url"}, "gone": set(), "other": {"old"}}, "B": {"b": set()}}
    other: dict[str, Members] = {
        "A": {"same": {"URL"}, "new": set(), "other": {"young"}},
        "C": {"c": set()},
        "D": {"field": None},
    }
    found = [name for name, _ in differences(python, other, "Kotlin")]
    assert found == ["B", "C", "A.gone", "A.new", "A.other(old)", "A.other(young)"]
