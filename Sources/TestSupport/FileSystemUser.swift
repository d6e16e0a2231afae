internal import Glibc

/// Looks at files as somebody else, as far as the kernel's checks go.
package enum FileSystemUser {
    /// A user who owns nothing.
    package static let nobody: UInt32 = 65534

    /// Runs `body`, which must stay on its thread, as a user who may not do with files what root may (setfsuid(2)).
    /// Needs root.
    package static func with<Result>(_ user: UInt32 = nobody, _ body: () throws -> Result) rethrows -> Result {
        // Of no header that Swift sees.
        let function = unsafeBitCast(dlsym(nil, "setfsuid"), to: (@convention(c) (UInt32) -> Int32).self)
        let before = function(user)
        defer { _ = function(UInt32(before)) }
        return try body()
    }
}
