import Foundation
import Glibc
import Settings
import TaskModel
import TestSupport
import Testing

@testable import Supervisor

/// On a real file system: `out` is what a task left, `shelf` is where it goes.
@Suite("Output shelf")
struct OutputShelfTests {
    private let scratch: Scratch
    private var files: FileManager { .default }
    private var out: String { "\(scratch.path)/out" }
    private var root: String { "\(scratch.path)/shelf" }

    init() throws {
        scratch = try Scratch()
        for path in [out, root] { try files.createDirectory(atPath: path, withIntermediateDirectories: true) }
    }

    private func put(_ text: String, _ path: String) throws {
        let url = URL(fileURLWithPath: path)
        try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func place(_ path: String, _ change: (inout OutputSpec) -> Void = { _ in }) -> OutputPlace {
        var output = OutputSpec(path: path)
        change(&output)
        return OutputPlace(output: output, root: root, names: ["sub"] + path.split(separator: "/").map(String.init))
    }

    @discardableResult
    private func store(_ places: [OutputPlace], isOver: Bool = false) -> String? {
        do throws(FileProblem) {
            _ = try OutputShelf(task: "t", attempt: 1, isOver: { isOver }).store(places, from: "out", in: scratch.path)
            return nil
        } catch {
            return error.words
        }
    }

    private func content(_ path: String) -> String? {
        files.contents(atPath: "\(root)/sub/\(path)").map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func filesAndDirectoriesAreMovedAndMarkedComplete() throws {
        try put("one", "\(out)/a/b")
        try put("two", "\(out)/d/x/y")
        let places = [place("a/b"), place("d")]
        #expect(OutputShelf.complete(places).isEmpty)
        #expect(store(places) == nil)
        #expect(content("a/b") == "one")
        #expect(content("d/x/y") == "two")
        #expect(OutputShelf.complete(places) == places)
    }

    @Test func aCompleteFileThatWasChangedIsNoLongerComplete() throws {
        try put("one", "\(out)/f")
        #expect(store([place("f")]) == nil)
        try put("eno", "\(root)/sub/f")
        #expect(OutputShelf.complete([place("f")]).isEmpty)
    }

    @Test func whatIsThereIsReplacedWhateverItIs() throws {
        for old in ["file", "directory", "link"] {
            for new in ["file", "directory"] {
                let target = "\(root)/sub/x"
                try? files.removeItem(atPath: target)
                try files.createDirectory(atPath: "\(root)/sub", withIntermediateDirectories: true)
                switch old {
                case "file": try put("old", target)
                case "directory": try put("old", "\(target)/inner")
                default: try files.createSymbolicLink(atPath: target, withDestinationPath: "/etc/hostname")
                }
                try put("new", new == "file" ? "\(out)/x" : "\(out)/x/inner")
                #expect(store([place("x")]) == nil, "\(old) by \(new)")
                #expect(content(new == "file" ? "x" : "x/inner") == "new", "\(old) by \(new)")
                #expect(try files.contentsOfDirectory(atPath: "\(root)/sub").sorted() == [".acode-x.json", "x"])
            }
        }
    }

    @Test func oneThatIsRefusedKeepsAllBack() throws {
        try put("fine", "\(out)/a")
        try put("", "\(out)/b")
        #expect(store([place("a"), place("b")])?.contains("an empty file") == true)
        #expect(!scratch.exists("shelf/sub"))
        #expect(store([place("a"), place("b") { $0.allowEmpty = true }]) == nil)
        #expect(content("b") == "")
    }

    @Test func oneThatNeedNotBeThereMayBeMissing() throws {
        #expect(store([place("a/b")])?.contains("did not leave the output a/b") == true)
        #expect(store([place("a/b") { $0.required = false }]) == nil)
        #expect(!scratch.exists("shelf/sub"))
    }

    /// A link on the way in the source, or in the destination, is a way to somebody else's files.
    @Test func linksAreNotFollowed() throws {
        try put("secret", "\(scratch.path)/elsewhere/f")
        try files.createSymbolicLink(atPath: "\(out)/d", withDestinationPath: "\(scratch.path)/elsewhere")
        #expect(store([place("d/f")])?.contains("symbolic link") == true)
        // The task's whole output directory.
        try files.removeItem(atPath: out)
        try files.createSymbolicLink(atPath: out, withDestinationPath: "elsewhere")
        #expect(store([place("f")])?.contains("symbolic link") == true)
        try files.removeItem(atPath: out)
        try put("fine", "\(out)/f")
        try files.createSymbolicLink(atPath: "\(root)/sub", withDestinationPath: "\(scratch.path)/elsewhere")
        #expect(store([place("f")])?.contains("symbolic link") == true)
        #expect(files.contents(atPath: "\(scratch.path)/elsewhere/f") == Data("secret".utf8))
    }

    @Test func specialBitsAreTakenAway() throws {
        try put("x", "\(out)/d/f")
        #expect(chmod("\(out)/d/f", 0o6711) == 0)
        #expect(store([place("d")]) == nil)
        #expect(try Scratch.status("\(root)/sub/d/f").mode == 0o711)
    }

    /// `/dev/shm` is a file system of its own wherever this runs.
    @Test func anotherFileSystemGetsACopy() throws {
        let other = "/dev/shm/acode-\(UInt32.random(in: 0 ... .max))"
        defer { try? files.removeItem(atPath: other) }
        try files.createDirectory(atPath: other, withIntermediateDirectories: true)
        var here = stat()
        var there = stat()
        try #require(stat(out, &here) == 0 && stat(other, &there) == 0 && here.st_dev != there.st_dev)
        try put(String(repeating: "long ", count: 500_000), "\(out)/d/f")
        try files.createSymbolicLink(atPath: "\(out)/d/l", withDestinationPath: "f")
        let place = OutputPlace(output: OutputSpec(path: "d"), root: other, names: ["d"])
        #expect(store([place], isOver: true)?.contains("stopped meanwhile") == true)
        #expect(try files.contentsOfDirectory(atPath: other) == [])
        #expect(store([place]) == nil)
        #expect(files.contents(atPath: "\(other)/d/l")?.count == 2_500_000)
        #expect(OutputShelf.complete([place]) == [place])
    }

    @Test(
        arguments: [
            ("{\"a\": [1, 2.5]}\n", "{\"a\": [1, 2.5]}"), (" 7 ", "7"), ("", nil), (" \n", nil),
        ] as [(String, String?)])
    func aResultIsJSONWithoutWhatIsAroundIt(_ text: String, kept: String?) throws {
        #expect(try ResultFile.check(Array(text.utf8)) == kept)
    }

    @Test(arguments: ["{", "nonsense", "{\"a\":1}{", "'a'"])
    func whatIsNotJSONIsNoResult(_ text: String) {
        #expect(throws: FileProblem.self) { try ResultFile.check(Array(text.utf8)) }
        #expect(throws: FileProblem.self) { try ResultFile.check([0x22, 0xFF, 0x22]) }
    }

    @Test func destinationsLieInAllowedDirectoriesByTheirRealPath() throws {
        try files.createSymbolicLink(atPath: "\(scratch.path)/alias", withDestinationPath: root)
        let settings = Settings.test(in: scratch) { $0.outputs.allowedDirectories = ["\(scratch.path)/alias"] }
        let policy = OutputPolicy(settings: settings, outputsDirectory: "/state/outputs")
        func places(_ to: String?) throws -> [String] {
            try policy.places(of: .test(TaskSpec(command: ["x"], outputs: [OutputSpec(path: "a/b", to: to)]))).map(
                \.path)
        }
        #expect(try places(nil) == ["/state/outputs/task-1/a/b"])
        #expect(try places("\(scratch.path)/alias/x/y") == ["\(root)/x/y"])
        #expect(try places("\(root)/x") == ["\(root)/x"])
        for wrong in [root, "\(root)x/y", "/etc/x", "\(root)/../x"] {
            #expect(throws: (any Error).self, "\(wrong)") { try places(wrong) }
        }
    }
}
