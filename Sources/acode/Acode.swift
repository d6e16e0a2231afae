internal import AcodeCommands

/// The program.
@main
struct Acode {
    static func main() async { await AcodeProgram.main() }
}
