internal import ArgumentParser
internal import Settings

/// The image named on a command line. In a file of its own, because the engine's module has an `ImageReference` too.
enum ImageArgument {
    /// - Throws: `ValidationError` for what can't be a reference.
    static func check(_ image: String) throws {
        guard let mistake = ImageReference.mistake(in: image) else { return }
        let hint = mistake.hint.map { "; \($0)" } ?? ""
        throw ValidationError("'\(image)' \(mistake.message ?? "is not an image reference")\(hint)")
    }
}
