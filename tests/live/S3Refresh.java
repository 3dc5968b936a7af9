// SPDX-License-Identifier: Apache-2.0
// S3Refresh.java - uses a table's files by Java's S3FileIO for so many seconds: java -cp JARS S3Refresh.java SECONDS TABLE [NAME=VALUE]...
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.rest.RESTCatalog;

public class S3Refresh {
	public static void main(String[] args) throws Exception {
		long end = System.currentTimeMillis() + 1000 * Long.parseLong(args[0]);
		Map<String, String> properties = new HashMap<>();
		for (int i = 2; i < args.length; i++) {
			String[] pair = args[i].split("=", 2);
			properties.put(pair[0], pair[1]);
		}
		try (RESTCatalog catalog = new RESTCatalog()) {
			catalog.initialize("live", properties);
			Table table = catalog.loadTable(TableIdentifier.parse(args[1]));
			long n = 0;
			for (; System.currentTimeMillis() < end; n++) {
				use(table.io(), table.location() + "/data/" + UUID.randomUUID());
				Thread.sleep(500);
			}
			System.out.println("used " + n + " times");
		}
	}

	private static void use(FileIO io, String path) throws Exception {
		byte[] bytes = path.getBytes();
		try (OutputStream out = io.newOutputFile(path).create()) {
			out.write(bytes);
		}
		try (InputStream in = io.newInputFile(path).newStream()) {
			if (!java.util.Arrays.equals(in.readAllBytes(), bytes)) {
				throw new IllegalStateException("another file is read");
			}
		}
		io.deleteFile(path);
	}
}
