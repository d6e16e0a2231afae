internal import Glibc

/// The mode of the terminal a command runs in. Every byte goes through, Ctrl-C included, from `makeRaw` until `restore`.
struct TerminalMode {
    /// How many rows and columns a terminal has.
    struct Size: Equatable {
        var rows: Int
        var columns: Int
    }

    private let descriptor: Int32
    private let original: termios

    /// The terminal at a descriptor; `nil` when there is none.
    init?(_ descriptor: Int32) {
        var original = termios()
        guard isatty(descriptor) == 1, tcgetattr(descriptor, &original) == 0 else { return nil }
        self.descriptor = descriptor
        self.original = original
    }

    /// Lets every byte through unchanged.
    func makeRaw() {
        var raw = original
        cfmakeraw(&raw)
        tcsetattr(descriptor, TCSADRAIN, &raw)
    }

    /// As it was found.
    func restore() {
        var original = original
        tcsetattr(descriptor, TCSADRAIN, &original)
    }

    /// Its size now; `nil` when it has none.
    var size: Size? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else { return nil }
        return Size(rows: Int(size.ws_row), columns: Int(size.ws_col))
    }
}
