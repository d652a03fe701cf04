/**
 * Certificates, keys and authorities in files. Whatever is read is proved before it is used, and
 * each file is read once, so that what is proved is what is used. Blocks; fails closed, with the
 * name of the file.
 */
@NullMarked
package app.avalo.gateway.pem;

import org.jspecify.annotations.NullMarked;
