BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE archive (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_archive PRIMARY KEY (id), 
	CONSTRAINT ck_archive_one_row CHECK (id = 1)
)
 STRICT

;
INSERT INTO "archive" VALUES(1,'0b2c3129b27e469198342a1662ec7a42',1795338066142092);
CREATE TABLE artwork (
	id INTEGER NOT NULL, 
	run_id INTEGER, 
	position INTEGER NOT NULL, 
	making TEXT NOT NULL, 
	seed TEXT, 
	title TEXT, 
	parameters TEXT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	media_type TEXT NOT NULL, 
	file_digest TEXT NOT NULL, 
	pixels_digest TEXT NOT NULL, 
	source_type TEXT NOT NULL, 
	made_at INTEGER NOT NULL, 
	CONSTRAINT pk_artwork PRIMARY KEY (id), 
	CONSTRAINT ck_artwork_making CHECK (making IN ('generated', 'edited', 'imported')), 
	CONSTRAINT fk_artwork_file_digest FOREIGN KEY(file_digest) REFERENCES blob (digest), 
	CONSTRAINT fk_artwork_id FOREIGN KEY(id) REFERENCES node (id), 
	CONSTRAINT fk_artwork_run_id FOREIGN KEY(run_id) REFERENCES run (id)
)
 STRICT

;
INSERT INTO "artwork" VALUES(8,7,0,'generated','7','Fjord','{"attempt":0,"palette":["#000000","#061089","#6f6557","#d1638f","#90c7c0"],"palette_name":null,"parameters":{"detail":1.0,"grain":0.25,"palette":"auto"},"seed":"7","style":"papercut"}',96,64,'image/png','a49567a9c3e21cedf107a5db77d24892303993a4679cb1c2212bf30dece67138','9dfa00ae919f0603738784bcea4194d06701d81ae5f8dbbb4c8312e9ed9380d4','algorithmicMedia',1795338083046951);
INSERT INTO "artwork" VALUES(9,7,1,'generated','8','Fjord','{"attempt":0,"palette":["#000000","#061089","#6f6557","#d1638f","#90c7c0"],"palette_name":null,"parameters":{"detail":1.0,"grain":0.25,"palette":"auto"},"seed":"8","style":"nacre"}',96,64,'image/png','c6287eade9b423b420c4f8a734b0af42fc6060fdf47c0f1ce520c8290838b527','7d269fade8d101a7df74920364455af1c59399382f3b864ea3706704daa5d779','algorithmicMedia',1795338088955475);
INSERT INTO "artwork" VALUES(12,11,0,'generated',NULL,NULL,'{}',96,64,'image/png','81be294da6c8b71fd7e352263e0a31df1abfc77537a84816b398450e1d434dc4','89cb8896ef735ebef1113a70d06fae37665e8f9823011e78c47e35f25bf4258d','trainedAlgorithmicMedia',1795338088981667);
INSERT INTO "artwork" VALUES(13,11,1,'generated',NULL,NULL,'{}',96,64,'image/png','026e8fff66417596624e7fd5259a58826f83238f03e99df4c7f755115bd7920e','0a4824c298a6dc7fce3ac26bf56a5e21bed9f1532932b21853d1c3fa6efae02d','trainedAlgorithmicMedia',1795338089024407);
INSERT INTO "artwork" VALUES(14,NULL,0,'edited',NULL,NULL,'{}',96,64,'image/png','0cae1d42b0f9c66880c588bebff30dd43ded5e33f5363756c58ec659a3d2fea1','c4a2000875f4eea527e0114421665bbfee00a8e13e33d835313f83912a648106','composite',1795338089243771);
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	artwork_id INTEGER NOT NULL, 
	checks TEXT NOT NULL, 
	works_compared INTEGER NOT NULL, 
	artworks_compared INTEGER NOT NULL, 
	audited_at INTEGER NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id), 
	CONSTRAINT fk_audit_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id)
)
 STRICT

;
INSERT INTO "audit" VALUES(1,8,'{"similarity":{"methods":[{"flagged_at":5,"method":"phash8_v1","quality":0.9062,"reliable_at":0.5},{"flagged_at":51,"method":"phash16_v1","quality":0.9023,"reliable_at":0.5}],"version":"1"}}',3,0,1795338083354710);
INSERT INTO "audit" VALUES(2,9,'{"similarity":{"methods":[{"flagged_at":5,"method":"phash8_v1","quality":1.0,"reliable_at":0.5},{"flagged_at":51,"method":"phash16_v1","quality":0.9023,"reliable_at":0.5}],"version":"1"}}',3,1,1795338088963110);
INSERT INTO "audit" VALUES(3,12,'{"similarity":{"methods":[{"flagged_at":5,"method":"phash8_v1","quality":0.9688,"reliable_at":0.5},{"flagged_at":51,"method":"phash16_v1","quality":0.9766,"reliable_at":0.5}],"version":"1"}}',3,2,1795338089023975);
INSERT INTO "audit" VALUES(4,13,'{"similarity":{"methods":[{"flagged_at":5,"method":"phash8_v1","quality":0.9688,"reliable_at":0.5},{"flagged_at":51,"method":"phash16_v1","quality":0.9844,"reliable_at":0.5}],"version":"1"}}',3,3,1795338089040768);
INSERT INTO "audit" VALUES(5,14,'{"similarity":{"methods":[{"flagged_at":5,"method":"phash8_v1","quality":0.9062,"reliable_at":0.5},{"flagged_at":51,"method":"phash16_v1","quality":0.9453,"reliable_at":0.5}],"version":"1"}}',3,4,1795338089382910);
CREATE TABLE blob (
	digest TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	media_type TEXT NOT NULL, 
	stored_at INTEGER NOT NULL, 
	CONSTRAINT pk_blob PRIMARY KEY (digest)
)
 STRICT

;
INSERT INTO "blob" VALUES('a49567a9c3e21cedf107a5db77d24892303993a4679cb1c2212bf30dece67138',15004,'image/png',1795338083611258);
INSERT INTO "blob" VALUES('c6287eade9b423b420c4f8a734b0af42fc6060fdf47c0f1ce520c8290838b527',18608,'image/png',1795338088963900);
INSERT INTO "blob" VALUES('81be294da6c8b71fd7e352263e0a31df1abfc77537a84816b398450e1d434dc4',5522,'image/png',1795338089051268);
INSERT INTO "blob" VALUES('026e8fff66417596624e7fd5259a58826f83238f03e99df4c7f755115bd7920e',5521,'image/png',1795338089051268);
INSERT INTO "blob" VALUES('0cae1d42b0f9c66880c588bebff30dd43ded5e33f5363756c58ec659a3d2fea1',20332,'image/png',1795338089383341);
INSERT INTO "blob" VALUES('25631a704f98ec1fb32dc6a9b021ff579b047a3d46def0d038209335a0153e86',6934,'image/png',1795338089383341);
CREATE TABLE calibration (
	id INTEGER NOT NULL, 
	method TEXT NOT NULL, 
	threshold REAL NOT NULL, 
	wanted REAL NOT NULL, 
	record TEXT NOT NULL, 
	calibrated_at INTEGER NOT NULL, 
	CONSTRAINT pk_calibration PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE contributor (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_contributor PRIMARY KEY (id), 
	CONSTRAINT fk_contributor_id FOREIGN KEY(id) REFERENCES node (id), 
	CONSTRAINT uq_contributor_name UNIQUE (name)
)
 STRICT

;
INSERT INTO "contributor" VALUES(4,'Ada Lind');
CREATE TABLE dataset (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_dataset PRIMARY KEY (id), 
	CONSTRAINT uq_dataset_name UNIQUE (name)
)
 STRICT

;
INSERT INTO "dataset" VALUES(1,'landscapes',1795338066791092);
CREATE TABLE dataset_version (
	id INTEGER NOT NULL, 
	dataset_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	merkle_root TEXT NOT NULL, 
	works INTEGER NOT NULL, 
	added_at INTEGER NOT NULL, 
	CONSTRAINT pk_dataset_version PRIMARY KEY (id), 
	CONSTRAINT fk_dataset_version_dataset_id FOREIGN KEY(dataset_id) REFERENCES dataset (id), 
	CONSTRAINT fk_dataset_version_id FOREIGN KEY(id) REFERENCES node (id), 
	CONSTRAINT uq_dataset_version_dataset_id_number UNIQUE (dataset_id, number)
)
 STRICT

;
INSERT INTO "dataset_version" VALUES(5,1,1,'1b3ede1dd0abd360bb890f8648c66019aa32f865473cf0ba05c6d96e629152dc',3,1795338066791092);
CREATE TABLE edge (
	child_id INTEGER NOT NULL, 
	role TEXT NOT NULL, 
	parent_id INTEGER NOT NULL, 
	truth TEXT NOT NULL, 
	CONSTRAINT pk_edge PRIMARY KEY (child_id, role, parent_id), 
	CONSTRAINT ck_edge_truth CHECK (truth IN ('claimed', 'checked', 'reproduced')), 
	CONSTRAINT fk_edge_child_id FOREIGN KEY(child_id) REFERENCES node (id), 
	CONSTRAINT fk_edge_parent_id FOREIGN KEY(parent_id) REFERENCES node (id)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "edge" VALUES(1,'creator',4,'claimed');
INSERT INTO "edge" VALUES(5,'member',1,'checked');
INSERT INTO "edge" VALUES(5,'member',2,'checked');
INSERT INTO "edge" VALUES(5,'member',3,'checked');
INSERT INTO "edge" VALUES(7,'by',4,'claimed');
INSERT INTO "edge" VALUES(7,'model',6,'checked');
INSERT INTO "edge" VALUES(7,'palette',1,'checked');
INSERT INTO "edge" VALUES(7,'palette',2,'checked');
INSERT INTO "edge" VALUES(7,'palette',3,'checked');
INSERT INTO "edge" VALUES(8,'by',4,'claimed');
INSERT INTO "edge" VALUES(8,'run',7,'checked');
INSERT INTO "edge" VALUES(9,'by',4,'claimed');
INSERT INTO "edge" VALUES(9,'run',7,'checked');
INSERT INTO "edge" VALUES(11,'model',10,'claimed');
INSERT INTO "edge" VALUES(12,'run',11,'checked');
INSERT INTO "edge" VALUES(13,'run',11,'checked');
INSERT INTO "edge" VALUES(14,'by',4,'claimed');
INSERT INTO "edge" VALUES(14,'parent',8,'checked');
INSERT INTO "edge" VALUES(15,'export_of',8,'checked');
CREATE TABLE edit (
	artwork_id INTEGER NOT NULL, 
	parent_id INTEGER NOT NULL, 
	contributor_id INTEGER NOT NULL, 
	actions TEXT NOT NULL, 
	tool TEXT, 
	model TEXT, 
	note TEXT, 
	measure TEXT NOT NULL, 
	changed_share REAL, 
	evidence TEXT NOT NULL, 
	received_digest TEXT NOT NULL, 
	CONSTRAINT pk_edit PRIMARY KEY (artwork_id), 
	CONSTRAINT fk_edit_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id), 
	CONSTRAINT fk_edit_contributor_id FOREIGN KEY(contributor_id) REFERENCES contributor (id), 
	CONSTRAINT fk_edit_parent_id FOREIGN KEY(parent_id) REFERENCES artwork (id), 
	CONSTRAINT fk_edit_received_digest FOREIGN KEY(received_digest) REFERENCES blob (digest)
)
 STRICT

;
INSERT INTO "edit" VALUES(14,8,4,'["c2pa.color_adjustments"]',NULL,NULL,NULL,'pixels_v1',0.25,'{"box":"0 0 96 16","levels":8,"size_after":"96x64","size_before":"96x64"}','25631a704f98ec1fb32dc6a9b021ff579b047a3d46def0d038209335a0153e86');
CREATE TABLE environment (
	id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	record TEXT NOT NULL, 
	CONSTRAINT pk_environment PRIMARY KEY (id), 
	CONSTRAINT uq_environment_digest UNIQUE (digest)
)
 STRICT

;
INSERT INTO "environment" VALUES(1,'ffad26eaf8cf56406ecd5e5f30b2118ac5700d702eeb7d843f51af5dba6900ff','{"deterministic":false,"device":"cpu","kernels":"AVX512","libraries":{"accelerate":"1.15.0","c2pa-python":"0.38.1","diffusers":"0.42.1","huggingface-hub":"2.4.0","numpy":"2.4.6","peft":"0.21.2","pillow":"13.0.0","provenance-archive":"0.1.0","safetensors":"0.8.0","scipy":"1.17.1","tokenizers":"0.23.3","torch":"2.13.0+cpu","transformers":"5.23.0"},"processor":"a processor","python":"3.11.7","system":"Linux x86_64","threads":2}');
CREATE TABLE export (
	id INTEGER NOT NULL, 
	artwork_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	settings TEXT NOT NULL, 
	disclosure TEXT NOT NULL, 
	file_digest TEXT NOT NULL, 
	file_size INTEGER NOT NULL, 
	pixels_digest TEXT NOT NULL, 
	record TEXT NOT NULL, 
	exported_at INTEGER NOT NULL, 
	CONSTRAINT pk_export PRIMARY KEY (id), 
	CONSTRAINT ck_export_disclosure CHECK (disclosure IN ('minimal', 'public', 'full')), 
	CONSTRAINT fk_export_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id), 
	CONSTRAINT fk_export_id FOREIGN KEY(id) REFERENCES node (id)
)
 STRICT

;
INSERT INTO "export" VALUES(15,8,'291df1365ffd.png','image/png','{"format":"png","quality":null}','full','0604daea99786882c750f86767f297a70a02a5c4438e63f278707bab7d77899c',22750,'9dfa00ae919f0603738784bcea4194d06701d81ae5f8dbbb4c8312e9ed9380d4','{"artwork":{"file_digest":"a49567a9c3e21cedf107a5db77d24892303993a4679cb1c2212bf30dece67138","height":64,"id":"291df1365ffd784d141a697749d950c5698136ad0bbd3ccccf0d5376b46bb94a","made_at":"2026-11-22T09:01:23.046951+00:00","making":"formula","media_type":"image/png","parameters":{"attempt":0,"palette":["#000000","#061089","#6f6557","#d1638f","#90c7c0"],"palette_name":null,"parameters":{"detail":1.0,"grain":0.25,"palette":"auto"},"seed":"7","style":"papercut"},"pixels_digest":"9dfa00ae919f0603738784bcea4194d06701d81ae5f8dbbb4c8312e9ed9380d4","seed":"7","source_type":"algorithmicMedia","title":"Fjord","width":96},"checks":[{"check":"similarity","compared":3,"of":3}],"disclosed":"full","export":{"file_digest":"sha256:0604daea99786882c750f86767f297a70a02a5c4438e63f278707bab7d77899c","manifest":"urn:c2pa:446533f6-1c16-4ae0-a470-c312116980a9:provarchive"},"exported_at":"2026-11-22T09:01:33Z","lineage":{"complete":true,"parents":[{"id":"5d04fcc1c1adbd41ec6533d7397ec871697ed7cef6dc603562c28483ffd53e8b","kind":"run","name":"cppn, 2026-11-22 09:01:15 UTC","role":"run","truth":"checked"},{"id":"5648a51c6a4080b79773ae185e8492108ac5746b82d79443127c7deee7ae43df","kind":"model","name":"cppn 1","role":"model","truth":"checked"}],"works":[{"creator":{"truth":"claimed","value":"Ada Lind"},"id":"c12481e28b4d6aff00d5efd1289f58a095953e3ef56d72a07ccbedb78056d88b","licence":{"truth":"claimed","value":"CC-BY-4.0"},"name":"Fjord"},{"id":"839e6716b1c71604977b88d4f5bab06c854cd3302dabaaeeaedae73c413ea993","name":"work-1.png"},{"id":"be303bdd0a6428694127c7ac6a620bb65dc0e20fdbd0bd7616f6031117b5e512","name":"work-2.png"}]},"manifest":{"clock":"own","label":"urn:c2pa:5fe7b7e4-b663-4c42-a964-346cc9f86c69:provarchive","signed_at":"2026-11-22T09:01:23.217643+00:00","signer":"CN=prov trial signer f6077d8c,O=prov trial identity"},"people":[{"credited":true,"name":"Ada Lind","role":"creator"}],"run":{"engine":{"distribution":"provenance-archive","name":"cppn","version":"1"},"environment":{"deterministic":false,"device":"cpu","kernels":"AVX512","libraries":{"accelerate":"1.15.0","c2pa-python":"0.38.1","diffusers":"0.42.1","huggingface-hub":"2.4.0","numpy":"2.4.6","peft":"0.21.2","pillow":"13.0.0","provenance-archive":"0.1.0","safetensors":"0.8.0","scipy":"1.17.1","tokenizers":"0.23.3","torch":"2.13.0+cpu","transformers":"5.23.0"},"processor":"a processor","python":"3.11.7","system":"Linux x86_64","threads":2},"id":"5d04fcc1c1adbd41ec6533d7397ec871697ed7cef6dc603562c28483ffd53e8b","model":{"digest":"e09f3d6881a2a8f84e9117faa2c2711ffb8b6abbc5a0cfd27089201d3a0062ed","digest_of":"code","licence":null,"name":"cppn","version":"1"},"outcome":"finished","parameters":{"height":64,"options":{},"palette":["#000000","#061089","#6f6557","#d1638f","#90c7c0"],"palette_from":"3 of the 3 works of landscapes version 1","width":96},"prompt":null,"seed":"7","started_at":"2026-11-22T09:01:15.729355+00:00"},"schema":"urn:provenance-archive:export-record","text":{"disclosed":"Everything that is recorded: prompt, parameters, seed, people, paths and machine too.","making":"Made by a formula, without a trained model."},"tool":{"name":"prov","version":"0.1.0"},"version":1}',1795338093037004);
CREATE TABLE feature (
	id INTEGER NOT NULL, 
	node_id INTEGER NOT NULL, 
	method TEXT NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_feature PRIMARY KEY (id), 
	CONSTRAINT fk_feature_node_id FOREIGN KEY(node_id) REFERENCES node (id), 
	CONSTRAINT uq_feature_node_id_method UNIQUE (node_id, method)
)
 STRICT

;
CREATE TABLE finding (
	id INTEGER NOT NULL, 
	audit_id INTEGER NOT NULL, 
	artwork_id INTEGER NOT NULL, 
	"check" TEXT NOT NULL, 
	check_version TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	other_id INTEGER, 
	CONSTRAINT pk_finding PRIMARY KEY (id), 
	CONSTRAINT ck_finding_severity CHECK (severity IN ('inform', 'warn', 'block')), 
	CONSTRAINT fk_finding_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id), 
	CONSTRAINT fk_finding_audit_id FOREIGN KEY(audit_id) REFERENCES audit (id), 
	CONSTRAINT fk_finding_other_id FOREIGN KEY(other_id) REFERENCES node (id)
)
 STRICT

;
INSERT INTO "finding" VALUES(1,3,12,'similarity','1','warn','Looks like the work c12481e28b4d: 0 of 256 bits of phash16_v1 differ, and 51 or fewer are flagged. A match says that two pictures look alike. Whether it is a copy in law is for people to say.','{"calibrated":false,"kind":"work","methods":[{"bits":64,"distance":0,"flagged_at":5,"method":"phash8_v1","near":true,"orientation":"identity","quality":0.9688,"reliable_at":0.5},{"bits":256,"distance":0,"flagged_at":51,"method":"phash16_v1","near":true,"orientation":"identity","quality":0.9766,"reliable_at":0.5}],"uid":"c12481e28b4d6aff00d5efd1289f58a095953e3ef56d72a07ccbedb78056d88b"}',1);
CREATE TABLE fingerprint (
	id INTEGER NOT NULL, 
	node_id INTEGER NOT NULL, 
	method TEXT NOT NULL, 
	codes BLOB NOT NULL, 
	quality REAL NOT NULL, 
	CONSTRAINT pk_fingerprint PRIMARY KEY (id), 
	CONSTRAINT fk_fingerprint_node_id FOREIGN KEY(node_id) REFERENCES node (id), 
	CONSTRAINT uq_fingerprint_node_id_method UNIQUE (node_id, method)
)
 STRICT

;
INSERT INTO "fingerprint" VALUES(1,1,'phash8_v1',X'B15E6C91A8B24AF5E40B39C4FDC71DA0B1B16C6EA87D4E0AE4E4313BFD08185F9D63ADD56A6146919D9CA92A6A9E446EC836FCC43F3613C4C8C9F83B1FC91139',0.96875);
INSERT INTO "fingerprint" VALUES(2,1,'phash16_v1',X'B1035EDC6CEC91BBA852B2664A99F5ADD012A54E0A546DA954B4F57A1A55AB6BE4560B8939B9C4EEFD07F7331FCCA0FC8547F01B5F0138FC01E1A02F4700FE3CB113A1676CEC6E4CA8527D994E9D0A56D8125AB71A57925656B42AFD1A5554BEE456F47639B93B11FD0718CC1FCC5F0785470FE45F01C70305F17FF84F0011CB9DC5639CAD55D58E6A33615C4623915573186C67351D5AAE7355656A9CC593139DC59C63AD552E716A319EA346236EAA73189398351DA55173559B959CC46CECC89036C9FC0484FB3FE63609137EC400264D7936604D8FFF3605737FC9F1C666C890C936F8047F253F66CBFE13763BFF264DC6CD604CF00C2605CFC0C99139B9',0.9765625);
INSERT INTO "fingerprint" VALUES(3,2,'phash8_v1',X'DC69AD9252643CD3893CF8C7073179C6DC96AD6D529A2C2C89C3F83807CE6979B1CD669BE2A61961B1336666E259199EE49833CCB7F34C30E4673331B70C4CCB',1.0);
INSERT INTO "fingerprint" VALUES(4,2,'phash16_v1',X'DC9D69D3AD1F92B4524764483C99D3B3934A2C6C6581D39B9A636EE46598B81B89C83C86F84AC7E10712311D69CC86E6C61F793932D486CAEF363BB130CDED6EDC9D962CAD1F6D4B52479BB73C9D2C4C934AD39367812C60BA63911B659C47C489C8C379F84A385E0712CEE669CC7919C61F86C632D47935EF36C46F30CD12B5B199CD3666679B99E24DA666199C61B2D3364CCC114CF313A6D3B8446999EB39B19932C9666F6466E24D599919BC9E4DD336B333114D0CECA6D347AB699914C6E4CC9863333ACECCB718F3334CE934E7866319994418A646F386EF033CCCBE6CE4CC679C333A3133B7180CCC4CE9CB188663F666441D59B9F38616FF3CCC4197',0.98046875);
INSERT INTO "fingerprint" VALUES(5,3,'phash8_v1',X'853A1FC0EE61373AD06F4295DB34626785C5173F0A9E33C5D0904A6AFFCB629A981C4F6369AA6BA698EB479C48556B59CC4112361CF53EF3CDBE1AC93D083F0C',0.96875);
INSERT INTO "fingerprint" VALUES(6,3,'phash16_v1',X'856E3A051F02C03F8E806170376732715E2F267432AF71F02775E6F3561F3755D03B6F504A57956ADBD53425623267250B7B732167FB26B57320B7B6035A7601856EC5FA1F023FC08E809E8F3747CD8E5E0ED98B322F8E1F2775191C5607C8AAD03B90AF4A576A95DBD5CBDA621298DA0B5B8CDE677ADB4A72204C49034A89FE98041496477D63B36880AACF6BEFA6190834875D97FC155F90A2D2EBB2A653AF9804EB69477D9C4D688055356BFF59EE083478A297FCEAB690A22D14B2A6ADF1CD5141C3122836E63DD5FF9A3EBAF34C5D41D208C029401CC5F587BEE7F3067ACD51BE3C1228C9183DD500643EBA0CB35D412DF7C029BFE1C5F77841E7F3F884',0.95703125);
INSERT INTO "fingerprint" VALUES(7,8,'phash8_v1',X'CB69F4C327A126F09E3CA19672A473A5CB96F43C270E260F9EC3A169720B735AB5F16F21C02A9ADCB50A6FDAC0D59A23E0A03A70957FCF89E05B3A8B9580CF76',0.90625);
INSERT INTO "fingerprint" VALUES(8,8,'phash16_v1',X'CB8469C2F439C31A27F9F10C26F0F079CD9CC48E03390672F991305DE3C6CCFF9ED13C97A16C964F72ACB45973A5A52C98C991DB566C5327ACC46508B6D399AACB84963DF4393CE527F90ED326F00F86CD9C3B710331F989F991CFA2E38633009ED1C368A16C69B072AC4BA673A55AD398C92E24566CACC8ACC49AF7B6D36655B5CBF5CB6F0E250CC0892AD19A32DCAACACB4B172B313BBD3DE584C75053292DB5CB0A346F0EDEF3C089D52E9A322355CACBB4EA2B31C4423DE57B385053D6D2E09EA09E3A5B705995DC7F84CF6789FF9F9E1E407A646EE86890D18205067C78E09E5F213A5B8BA695DC807BCF6776009F9EE1BF7E64910768B02E6D05068387',0.90234375);
INSERT INTO "fingerprint" VALUES(9,9,'phash8_v1',X'E324DC5698976837B6718903CDC23D73E3DBDCA9986868C8B68E09FC4D3D3984ACB2C33D2A759585AC4DC3C32A8A957BF9E796687F20C0D0D11896967EDDC02E',1.0);
INSERT INTO "fingerprint" VALUES(10,9,'phash16_v1',X'E3082473DCE6569998C697186863271C54775B9E2EAB5B971C780F995A711F26B65D712689B303CCCD93C24D3D36724901220ECB7BFE0EC25B2D5ADC0F244EF7E308DB8CDCE6A96698C668E76863D8E35477A4612EABA4681C78F0765A71E0F9B65D8ED989B3FC33CD933DB23D368DB60120F134797EF13D492DA5230D24B108AC00B2D2C3203CDB2A7F75AD9577855538746A8A62AB55DE956C29D16AF152B6AC004D2DC320C32C2A7F8A53957F7AAA3875957562ABAA25956CD62F6AF1AD49F955E7879675698E7F2A20F8C022D0006D213FDF37FF008FC0397C843FA407E3F9551878967596717F2ADF06C0002FFF6D00C02037FEFF70C039837A3F24F81C',0.90234375);
INSERT INTO "fingerprint" VALUES(11,12,'phash8_v1',X'B15E6C91A8B24AF5E40B39C4FDC71DA0B1B16C6EA87D4E0AE4E4313BFD08185F9D63ADD56A6146919D9CA92A6A9E446EC836FCC43F3613C4C8C9F83B1FC91139',0.96875);
INSERT INTO "fingerprint" VALUES(12,12,'phash16_v1',X'B1035EDC6CEC91BBA852B2664A99F5ADD012A54E0A546DA954B4F57A1A55AB6BE4560B8939B9C4EEFD07F7331FCCA0FC8547F01B5F0138FC01E1A02F4700FE3CB113A1676CEC6E4CA8527D994E9D0A56D8125AB71A57925656B42AFD1A5554BEE456F47639B93B11FD0718CC1FCC5F0785470FE45F01C70305F17FF84F0011CB9DC5639CAD55D58E6A33615C4623915573186C67351D5AAE7355656A9CC593139DC59C63AD552E716A319EA346236EAA73189398351DA55173559B959CC46CECC89036C9FC0484FB3FE63609137EC400264D7936604D8FFF3605737FC9F1C666C890C936F8047F253F66CBFE13763BFF264DC6CD604CF00C2605CFC0C99139B9',0.9765625);
INSERT INTO "fingerprint" VALUES(13,13,'phash8_v1',X'A53C91C539D435E3F06BC4B06C91F0BEA5C3913A393BB51CF096C46F6C7E6049B515CB6E48D601BBB7EADB9749294144E2409E3F1D8354EEE0BF9EC41D7C5411',0.96875);
INSERT INTO "fingerprint" VALUES(14,13,'phash16_v1',X'A5923C5B91B4E5293907D4F03529E34B38DCC6E1356B8B4E78714785556BAD4EF0C76B1EC4E1B07C6C7281A5607CBE1E6DA993B4603EDE1B2DA512D2807EF81BA592C3A491B43AD639072B0F35291CB438FC391E356B74B178F1B87A556B72B1F0C796F1C4E16FC36C527E5A607C49E16DA96C4B603E21E52DA4ED2F003E27E4B551154EDBA96EAA4899D6670154BB37A4C445FB366AE48853B32895C9335B6EB553EAB1DBA9915549992998415444C8A4CCBA063EEA5B7753B3D76AC937A499E004401B9EFD3BFF1DCC83325401EE62F19910AE63BFB1DD06E67DC09C660E3BE004BFE49EFDC4001DCC7CCD5401119DF199FF5163BF4E2206E6823F9C66F1D4',0.984375);
INSERT INTO "fingerprint" VALUES(15,14,'phash8_v1',X'C3A9B4832F594E7896FCE1D6720C1B0DC356B45C27A64E879603E1297AF31BD2F08769254F2A9ADCF07868DA47D59A23A5D22C701A7FCE89A52D3C8F1A80CF76',0.90625);
INSERT INTO "fingerprint" VALUES(16,14,'phash16_v1',X'C38CA9C6B439831F2FE959064EF0586BCD84B48FA271A672FD91700D4B864CFF96D9FC93E16CD64A7AB40C531BA50D3E98D1E1DAF724F327A8C425181ED319AAC38C5639B4397CE02FEBA6794EF0A794CD864B70A271598DFD918FB24B86B30096D9036CE16C09B57ABCF32C1BA5F2C198D11E25F7240CD8A8C4DAA71ED3E655F0F8878F687C254C4F8B2AD99A32DC8ACACB4B312B313239B945D4C75553396DF0F87870687CDAB34F8BD5269A322375CACBB4CA2B31CDC6B1452B385553C692A5ADD2DA3D2970191ADE7F8CCF6789DF9B9E1E607E64676CEC10819208866C38A5AD2D252D298FE61ADE8073CF6776209B9EE19B7E649893EC107E6D000693C7',0.9453125);
CREATE TABLE identity (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	algorithm TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	chain TEXT NOT NULL, 
	root TEXT, 
	not_before INTEGER NOT NULL, 
	not_after INTEGER NOT NULL, 
	recorded_at INTEGER NOT NULL, 
	CONSTRAINT pk_identity PRIMARY KEY (id), 
	CONSTRAINT uq_identity_fingerprint UNIQUE (fingerprint)
)
 STRICT

;
INSERT INTO "identity" VALUES(1,'trial','trial','es256','074ced67c63bc1368f415958557ab312ba0e00353d108ab4c267e63212e008a8','CN=prov trial signer f6077d8c,O=prov trial identity','-----BEGIN CERTIFICATE-----
MIICBzCCAa2gAwIBAgIUbJVPVIL8fcVck3ZsWYVji64yYycwCgYIKoZIzj0EAwIw
QDEcMBoGA1UECgwTcHJvdiB0cmlhbCBpZGVudGl0eTEgMB4GA1UEAwwXcHJvdiB0
cmlhbCBpbnRlcm1lZGlhdGUwHhcNMjYxMTIyMDgwMTA1WhcNMjcxMTIyMDgwMTA1
WjBDMRwwGgYDVQQKDBNwcm92IHRyaWFsIGlkZW50aXR5MSMwIQYDVQQDDBpwcm92
IHRyaWFsIHNpZ25lciBmNjA3N2Q4YzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BPVgOiKf2AWMO60cM1qSdv4wjxqEqFIuGQGEtWNsa1gcAEqpXIEnxamHWtjxBbda
RSQTIGY7fmDNz0WtEYTQCaGjgYEwfzAdBgNVHQ4EFgQU9gd9jGzuwHcdfLobg9dU
k013RoMwHwYDVR0jBBgwFoAU9IAn9Z7wG15kcEpq67SBwuYgLoUwDAYDVR0TAQH/
BAIwADAOBgNVHQ8BAf8EBAMCB4AwHwYDVR0lBBgwFgYIKwYBBQUHAwQGCisGAQQB
g+heAgEwCgYIKoZIzj0EAwIDSAAwRQIhAIszIfUmV323xxD0Px1ysNcie7YMRGtx
4BKPLaZIzT7PAiB6s8FaPQyp4x/rIwExAAc6JoeLmm2GSgjpp+JRmtsVYw==
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIB4TCCAYagAwIBAgIUTkvbR3LDTxhLjEVD/b/boMcwjwswCgYIKoZIzj0EAwIw
ODEcMBoGA1UECgwTcHJvdiB0cmlhbCBpZGVudGl0eTEYMBYGA1UEAwwPcHJvdiB0
cmlhbCByb290MB4XDTI2MTEyMjA4MDEwNVoXDTMxMTEyMTA4MDEwNVowQDEcMBoG
A1UECgwTcHJvdiB0cmlhbCBpZGVudGl0eTEgMB4GA1UEAwwXcHJvdiB0cmlhbCBp
bnRlcm1lZGlhdGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQOgSRoKhXce/Br
57Lwv5MpG2952u/YVdAyNLFRyDDAsdam6TW6aZbLTolG/Cohs7L8GGnifkN4c5Jh
+bwBjXFxo2YwZDAdBgNVHQ4EFgQU9IAn9Z7wG15kcEpq67SBwuYgLoUwHwYDVR0j
BBgwFoAUPz30vhCS/czUFvEl+jbjh0NT1j4wEgYDVR0TAQH/BAgwBgEB/wIBADAO
BgNVHQ8BAf8EBAMCAQYwCgYIKoZIzj0EAwIDSQAwRgIhALfVLIOiZ1lyKhjHL4LI
4kVfqhNwe2JR1Ax7K5QCnZBhAiEA427n99H9w8Qw9MpX9Ag9r8kswjhSbUqEPjwy
67fflro=
-----END CERTIFICATE-----
','-----BEGIN CERTIFICATE-----
MIIB1jCCAXugAwIBAgIUU097lR5SWSsGSaV7qWNPAxVVu6cwCgYIKoZIzj0EAwIw
ODEcMBoGA1UECgwTcHJvdiB0cmlhbCBpZGVudGl0eTEYMBYGA1UEAwwPcHJvdiB0
cmlhbCByb290MB4XDTI2MTEyMjA4MDEwNVoXDTM2MTExOTA4MDEwNVowODEcMBoG
A1UECgwTcHJvdiB0cmlhbCBpZGVudGl0eTEYMBYGA1UEAwwPcHJvdiB0cmlhbCBy
b290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfcx6rLJIiLCmkxm9/ANy1u2M
cr2tC46dJYDIUo6oOareiNMTzvSvxYHo0vrOcT5tkBKMts9HZWoC83IXFiURt6Nj
MGEwHQYDVR0OBBYEFD899L4Qkv3M1BbxJfo244dDU9Y+MB8GA1UdIwQYMBaAFD89
9L4Qkv3M1BbxJfo244dDU9Y+MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQD
AgEGMAoGCCqGSM49BAMCA0kAMEYCIQCLlhGHxewBU7KVWQ0vK8eHU76UJmXQWKGp
6l3Cm0IWggIhAIWoGBYYW2cbOB2a9TUb//0TT48CljFGAAPo8zusWMyg
-----END CERTIFICATE-----
',1795334465000000,1826870465000000,1795338066142236);
CREATE TABLE import (
	artwork_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	program TEXT, 
	claims TEXT NOT NULL, 
	manifest_state TEXT, 
	manifest_label TEXT, 
	received_digest TEXT NOT NULL, 
	imported_at INTEGER NOT NULL, 
	CONSTRAINT pk_import PRIMARY KEY (artwork_id), 
	CONSTRAINT fk_import_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id), 
	CONSTRAINT fk_import_received_digest FOREIGN KEY(received_digest) REFERENCES blob (digest)
)
 STRICT

;
CREATE TABLE judgement (
	id INTEGER NOT NULL, 
	finding_id INTEGER, 
	artwork_id INTEGER NOT NULL, 
	other_id INTEGER, 
	"check" TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	contributor_id INTEGER NOT NULL, 
	statement_digest TEXT NOT NULL, 
	manifest_digest TEXT NOT NULL, 
	decided_at INTEGER NOT NULL, 
	CONSTRAINT pk_judgement PRIMARY KEY (id), 
	CONSTRAINT ck_judgement_decision CHECK (decision IN ('accepted', 'disputed', 'dismissed')), 
	CONSTRAINT fk_judgement_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id), 
	CONSTRAINT fk_judgement_contributor_id FOREIGN KEY(contributor_id) REFERENCES contributor (id), 
	CONSTRAINT fk_judgement_finding_id FOREIGN KEY(finding_id) REFERENCES finding (id), 
	CONSTRAINT fk_judgement_manifest_digest FOREIGN KEY(manifest_digest) REFERENCES blob (digest), 
	CONSTRAINT fk_judgement_other_id FOREIGN KEY(other_id) REFERENCES node (id), 
	CONSTRAINT fk_judgement_statement_digest FOREIGN KEY(statement_digest) REFERENCES blob (digest)
)
 STRICT

;
CREATE TABLE manifest (
	id INTEGER NOT NULL, 
	node_id INTEGER NOT NULL, 
	identity_id INTEGER NOT NULL, 
	label TEXT NOT NULL, 
	store_digest TEXT NOT NULL, 
	store_size INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	codes TEXT NOT NULL, 
	signed_at INTEGER NOT NULL, 
	CONSTRAINT pk_manifest PRIMARY KEY (id), 
	CONSTRAINT fk_manifest_identity_id FOREIGN KEY(identity_id) REFERENCES identity (id), 
	CONSTRAINT fk_manifest_node_id FOREIGN KEY(node_id) REFERENCES node (id)
)
 STRICT

;
INSERT INTO "manifest" VALUES(1,8,1,'urn:c2pa:5fe7b7e4-b663-4c42-a964-346cc9f86c69:provarchive','7392b95a29f33239ae38419b138a4725122ed690ce9694be1b2689536ec84925',6053,'Trusted','[]',1795338083217643);
INSERT INTO "manifest" VALUES(2,9,1,'urn:c2pa:b4e21f4a-a41d-4863-b3c4-fda036386c30:provarchive','eda236e60e1e6eabe9c67106dd31125c6cd7e18e8b12f299c82cdef6d9d0ccef',6050,'Trusted','[]',1795338088961525);
INSERT INTO "manifest" VALUES(3,12,1,'urn:c2pa:7d302080-3de6-4aa1-86ac-fd5559a14076:provarchive','5a0842ac78c4fbfa603687a7b88f92dce5b97c4eb8f1cae8aa3bd9316af77730',4637,'Trusted','[]',1795338089008062);
INSERT INTO "manifest" VALUES(4,13,1,'urn:c2pa:69c68d1a-9937-4dbc-8063-939215c96728:provarchive','f24bef281a2ab0f06620b8fafdb88e53c8256681b6d617c15f8f0bd07fc376e9',4637,'Trusted','[]',1795338089033578);
INSERT INTO "manifest" VALUES(5,14,1,'urn:c2pa:3c82a743-c989-4d97-baa1-478bc946dd80:provarchive','1f8559ec03f3fcfff5924ebc1b1b173318648d7d0c32da5622a721be2e3969f2',13155,'Trusted','[]',1795338089353091);
INSERT INTO "manifest" VALUES(6,15,1,'urn:c2pa:446533f6-1c16-4ae0-a470-c312116980a9:provarchive','51f2d38ca717c968f3eb5ffa17831f29bc09b584783c611f7a58aabcb8462cee',12990,'Trusted','[]',1795338093324400);
CREATE TABLE "match" (
	id INTEGER NOT NULL, 
	audit_id INTEGER NOT NULL, 
	artwork_id INTEGER NOT NULL, 
	other_id INTEGER NOT NULL, 
	method TEXT NOT NULL, 
	distance INTEGER NOT NULL, 
	bits INTEGER NOT NULL, 
	orientation INTEGER NOT NULL, 
	flagged INTEGER NOT NULL, 
	CONSTRAINT pk_match PRIMARY KEY (id), 
	CONSTRAINT fk_match_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id), 
	CONSTRAINT fk_match_audit_id FOREIGN KEY(audit_id) REFERENCES audit (id), 
	CONSTRAINT fk_match_other_id FOREIGN KEY(other_id) REFERENCES node (id)
)
 STRICT

;
INSERT INTO "match" VALUES(1,1,8,2,'phash8_v1',22,64,1,0);
INSERT INTO "match" VALUES(2,1,8,1,'phash8_v1',24,64,4,0);
INSERT INTO "match" VALUES(3,1,8,3,'phash8_v1',26,64,5,0);
INSERT INTO "match" VALUES(4,1,8,3,'phash16_v1',112,256,5,0);
INSERT INTO "match" VALUES(5,1,8,1,'phash16_v1',116,256,5,0);
INSERT INTO "match" VALUES(6,1,8,2,'phash16_v1',124,256,1,0);
INSERT INTO "match" VALUES(7,2,9,2,'phash8_v1',24,64,1,0);
INSERT INTO "match" VALUES(8,2,9,1,'phash8_v1',26,64,0,0);
INSERT INTO "match" VALUES(9,2,9,3,'phash8_v1',28,64,1,0);
INSERT INTO "match" VALUES(10,2,9,1,'phash16_v1',102,256,2,0);
INSERT INTO "match" VALUES(11,2,9,3,'phash16_v1',112,256,2,0);
INSERT INTO "match" VALUES(12,2,9,2,'phash16_v1',126,256,1,0);
INSERT INTO "match" VALUES(13,3,12,1,'phash8_v1',0,64,0,1);
INSERT INTO "match" VALUES(14,3,12,2,'phash8_v1',20,64,4,0);
INSERT INTO "match" VALUES(15,3,12,3,'phash8_v1',24,64,1,0);
INSERT INTO "match" VALUES(16,3,12,1,'phash16_v1',0,256,0,1);
INSERT INTO "match" VALUES(17,3,12,2,'phash16_v1',106,256,4,0);
INSERT INTO "match" VALUES(18,3,12,3,'phash16_v1',112,256,4,0);
INSERT INTO "match" VALUES(19,4,13,3,'phash8_v1',26,64,0,0);
INSERT INTO "match" VALUES(20,4,13,1,'phash8_v1',26,64,1,0);
INSERT INTO "match" VALUES(21,4,13,2,'phash8_v1',30,64,0,0);
INSERT INTO "match" VALUES(22,4,13,1,'phash16_v1',116,256,3,0);
INSERT INTO "match" VALUES(23,4,13,2,'phash16_v1',120,256,0,0);
INSERT INTO "match" VALUES(24,4,13,3,'phash16_v1',122,256,0,0);
INSERT INTO "match" VALUES(25,5,14,2,'phash8_v1',26,64,1,0);
INSERT INTO "match" VALUES(26,5,14,1,'phash8_v1',26,64,2,0);
INSERT INTO "match" VALUES(27,5,14,3,'phash8_v1',28,64,0,0);
INSERT INTO "match" VALUES(28,5,14,3,'phash16_v1',118,256,7,0);
INSERT INTO "match" VALUES(29,5,14,2,'phash16_v1',120,256,5,0);
INSERT INTO "match" VALUES(30,5,14,1,'phash16_v1',120,256,5,0);
CREATE TABLE model (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	engine TEXT NOT NULL, 
	version TEXT NOT NULL, 
	distribution TEXT NOT NULL, 
	digest TEXT, 
	digest_of TEXT NOT NULL, 
	licence TEXT, 
	source_type TEXT NOT NULL, 
	CONSTRAINT pk_model PRIMARY KEY (id), 
	CONSTRAINT fk_model_id FOREIGN KEY(id) REFERENCES node (id)
)
 STRICT

;
INSERT INTO "model" VALUES(6,'cppn','cppn','1','provenance-archive','e09f3d6881a2a8f84e9117faa2c2711ffb8b6abbc5a0cfd27089201d3a0062ed','code',NULL,'algorithmicMedia');
INSERT INTO "model" VALUES(10,'my-model','external','not recorded','not recorded',NULL,'nothing',NULL,'trainedAlgorithmicMedia');
CREATE TABLE model_audit (
	id INTEGER NOT NULL, 
	model_id INTEGER NOT NULL, 
	"check" TEXT NOT NULL, 
	check_version TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	record TEXT NOT NULL, 
	audited_at INTEGER NOT NULL, 
	CONSTRAINT pk_model_audit PRIMARY KEY (id), 
	CONSTRAINT ck_model_audit_severity CHECK (severity IN ('inform', 'warn', 'block')), 
	CONSTRAINT fk_model_audit_model_id FOREIGN KEY(model_id) REFERENCES model (id)
)
 STRICT

;
CREATE TABLE model_location (
	model_id INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	seen_at INTEGER NOT NULL, 
	CONSTRAINT pk_model_location PRIMARY KEY (model_id, path), 
	CONSTRAINT fk_model_location_model_id FOREIGN KEY(model_id) REFERENCES model (id)
)
 STRICT

;
CREATE TABLE node (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_node PRIMARY KEY (id), 
	CONSTRAINT uq_node_uid UNIQUE (uid)
)
 STRICT

;
INSERT INTO "node" VALUES(1,'c12481e28b4d6aff00d5efd1289f58a095953e3ef56d72a07ccbedb78056d88b','work',1795338066664693);
INSERT INTO "node" VALUES(2,'839e6716b1c71604977b88d4f5bab06c854cd3302dabaaeeaedae73c413ea993','work',1795338066664693);
INSERT INTO "node" VALUES(3,'be303bdd0a6428694127c7ac6a620bb65dc0e20fdbd0bd7616f6031117b5e512','work',1795338066664693);
INSERT INTO "node" VALUES(4,'3e9f583bedd5881a8afaef0b8c2e2a73ea3774290053634f0edc894a94d69a82','contributor',1795338066664693);
INSERT INTO "node" VALUES(5,'51369d0d228a0d24096b6d68909d80f69a98f2e4627b353a3fae5dba7e307ede','dataset',1795338066791092);
INSERT INTO "node" VALUES(6,'5648a51c6a4080b79773ae185e8492108ac5746b82d79443127c7deee7ae43df','model',1795338075729355);
INSERT INTO "node" VALUES(7,'5d04fcc1c1adbd41ec6533d7397ec871697ed7cef6dc603562c28483ffd53e8b','run',1795338075729355);
INSERT INTO "node" VALUES(8,'291df1365ffd784d141a697749d950c5698136ad0bbd3ccccf0d5376b46bb94a','artwork',1795338083611258);
INSERT INTO "node" VALUES(9,'0161a66afe7fced912692abc6a6002779ad33431c83e0ac3d5eef46ba9a546ff','artwork',1795338088963900);
INSERT INTO "node" VALUES(10,'151013dd7370cf82dc77b598f536980daf1a68ac212e52dffcfc4e2099383470','model',1795338088972215);
INSERT INTO "node" VALUES(11,'87ab22304500306e053ed8b09c9a1eb60f097e29c481e29289668d61485c5013','run',1795338088972215);
INSERT INTO "node" VALUES(12,'0afd01b53f9bb46a9df81ec29456f38268ba7c8be1078fc626f1c6c03a179a1c','artwork',1795338089051268);
INSERT INTO "node" VALUES(13,'9bf45e09d9be138e0739ccf102755655ba1139ee0fb4bd4d5914a06e6c88a355','artwork',1795338089051268);
INSERT INTO "node" VALUES(14,'10d82d084496492c51a9c65e54b22427046739ff359de116abf5c19393dc6d5a','artwork',1795338089383341);
INSERT INTO "node" VALUES(15,'6d00d2a8a49476ded489ecfc8c9b9f08dd539658d951b5592ead2274dc64b945','export',1795338093037004);
CREATE TABLE rating (
	id INTEGER NOT NULL, 
	artwork_id INTEGER NOT NULL, 
	contributor_id INTEGER NOT NULL, 
	score REAL NOT NULL, 
	note TEXT, 
	rated_at INTEGER NOT NULL, 
	CONSTRAINT pk_rating PRIMARY KEY (id), 
	CONSTRAINT fk_rating_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id), 
	CONSTRAINT fk_rating_contributor_id FOREIGN KEY(contributor_id) REFERENCES contributor (id)
)
 STRICT

;
CREATE TABLE reproduction (
	id INTEGER NOT NULL, 
	artwork_id INTEGER NOT NULL, 
	environment_id INTEGER NOT NULL, 
	verdict TEXT NOT NULL, 
	pixels_digest TEXT NOT NULL, 
	largest_difference INTEGER, 
	differing_share REAL, 
	psnr REAL, 
	causes TEXT NOT NULL, 
	tried_at INTEGER NOT NULL, 
	CONSTRAINT pk_reproduction PRIMARY KEY (id), 
	CONSTRAINT ck_reproduction_verdict CHECK (verdict IN ('exact', 'equivalent', 'close', 'different')), 
	CONSTRAINT fk_reproduction_artwork_id FOREIGN KEY(artwork_id) REFERENCES artwork (id), 
	CONSTRAINT fk_reproduction_environment_id FOREIGN KEY(environment_id) REFERENCES environment (id)
)
 STRICT

;
INSERT INTO "reproduction" VALUES(1,9,1,'exact','7d269fade8d101a7df74920364455af1c59399382f3b864ea3706704daa5d779',0,0.0,NULL,'[]',1795338092996469);
CREATE TABLE rights (
	id INTEGER NOT NULL, 
	work_id INTEGER NOT NULL, 
	decision TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	obligations TEXT NOT NULL, 
	signals TEXT NOT NULL, 
	policy_digest TEXT NOT NULL, 
	decided_at INTEGER NOT NULL, 
	CONSTRAINT pk_rights PRIMARY KEY (id), 
	CONSTRAINT ck_rights_decision CHECK (decision IN ('allowed', 'refused', 'unclear')), 
	CONSTRAINT fk_rights_work_id FOREIGN KEY(work_id) REFERENCES work (id)
)
 STRICT

;
INSERT INTO "rights" VALUES(1,1,'allowed','licences.CC-BY-*','["attribution"]','[{"says":"yes","source":"licence","statement":"licence","truth":"claimed","value":"CC-BY-4.0","where":null}]','7847370b41403cb38ebfabf3610a9aa4f5d97025f10d5ce7dbb49c64e1256d31',1795338066664693);
INSERT INTO "rights" VALUES(2,2,'unclear','training.unclear','[]','[]','7847370b41403cb38ebfabf3610a9aa4f5d97025f10d5ce7dbb49c64e1256d31',1795338066664693);
INSERT INTO "rights" VALUES(3,3,'unclear','training.unclear','[]','[]','7847370b41403cb38ebfabf3610a9aa4f5d97025f10d5ce7dbb49c64e1256d31',1795338066664693);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	model_id INTEGER NOT NULL, 
	environment_id INTEGER NOT NULL, 
	seed TEXT, 
	prompt TEXT, 
	parameters TEXT NOT NULL, 
	wanted INTEGER, 
	started_at INTEGER NOT NULL, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT fk_run_environment_id FOREIGN KEY(environment_id) REFERENCES environment (id), 
	CONSTRAINT fk_run_id FOREIGN KEY(id) REFERENCES node (id), 
	CONSTRAINT fk_run_model_id FOREIGN KEY(model_id) REFERENCES model (id)
)
 STRICT

;
INSERT INTO "run" VALUES(7,6,1,'7',NULL,'{"height":64,"options":{},"palette":["#000000","#061089","#6f6557","#d1638f","#90c7c0"],"palette_from":"3 of the 3 works of landscapes version 1","width":96}',2,1795338075729355);
INSERT INTO "run" VALUES(11,10,1,'1','boats','{}',NULL,1795338088972215);
CREATE TABLE run_end (
	run_id INTEGER NOT NULL, 
	outcome TEXT NOT NULL, 
	message TEXT, 
	ended_at INTEGER NOT NULL, 
	CONSTRAINT pk_run_end PRIMARY KEY (run_id), 
	CONSTRAINT ck_run_end_outcome CHECK (outcome IN ('finished', 'failed', 'cancelled', 'interrupted')), 
	CONSTRAINT fk_run_end_run_id FOREIGN KEY(run_id) REFERENCES run (id)
)
 STRICT

;
INSERT INTO "run_end" VALUES(7,'finished',NULL,1795338088970364);
INSERT INTO "run_end" VALUES(11,'finished',NULL,1795338089107694);
CREATE TABLE selection (
	id INTEGER NOT NULL, 
	version_id INTEGER NOT NULL, 
	merkle_root TEXT NOT NULL, 
	works INTEGER NOT NULL, 
	withheld INTEGER NOT NULL, 
	policy_digest TEXT NOT NULL, 
	selected_at INTEGER NOT NULL, 
	CONSTRAINT pk_selection PRIMARY KEY (id), 
	CONSTRAINT fk_selection_id FOREIGN KEY(id) REFERENCES node (id), 
	CONSTRAINT fk_selection_version_id FOREIGN KEY(version_id) REFERENCES dataset_version (id)
)
 STRICT

;
CREATE TABLE skipped_file (
	id INTEGER NOT NULL, 
	version_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	CONSTRAINT pk_skipped_file PRIMARY KEY (id), 
	CONSTRAINT fk_skipped_file_version_id FOREIGN KEY(version_id) REFERENCES dataset_version (id)
)
 STRICT

;
INSERT INTO "skipped_file" VALUES(1,5,'notes.png','format','notes.png: the data is not a PNG, JPEG, WebP, TIFF, GIF or AVIF picture.');
CREATE TABLE training (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	engine TEXT NOT NULL, 
	version TEXT NOT NULL, 
	distribution TEXT NOT NULL, 
	code_digest TEXT NOT NULL, 
	environment_id INTEGER NOT NULL, 
	seed TEXT NOT NULL, 
	settings TEXT NOT NULL, 
	preprocessing TEXT NOT NULL, 
	started_at INTEGER NOT NULL, 
	CONSTRAINT pk_training PRIMARY KEY (id), 
	CONSTRAINT fk_training_environment_id FOREIGN KEY(environment_id) REFERENCES environment (id), 
	CONSTRAINT fk_training_id FOREIGN KEY(id) REFERENCES node (id)
)
 STRICT

;
CREATE TABLE training_end (
	training_id INTEGER NOT NULL, 
	outcome TEXT NOT NULL, 
	message TEXT, 
	steps INTEGER NOT NULL, 
	seconds REAL NOT NULL, 
	metrics TEXT NOT NULL, 
	sessions TEXT NOT NULL, 
	history_digest TEXT, 
	sheet_digest TEXT, 
	ended_at INTEGER NOT NULL, 
	CONSTRAINT pk_training_end PRIMARY KEY (training_id), 
	CONSTRAINT ck_training_end_outcome CHECK (outcome IN ('finished', 'failed', 'cancelled', 'interrupted')), 
	CONSTRAINT fk_training_end_history_digest FOREIGN KEY(history_digest) REFERENCES blob (digest), 
	CONSTRAINT fk_training_end_sheet_digest FOREIGN KEY(sheet_digest) REFERENCES blob (digest), 
	CONSTRAINT fk_training_end_training_id FOREIGN KEY(training_id) REFERENCES training (id)
)
 STRICT

;
CREATE TABLE weights (
	model_id INTEGER NOT NULL, 
	format TEXT NOT NULL, 
	file_digest TEXT, 
	size INTEGER NOT NULL, 
	settings TEXT NOT NULL, 
	identity TEXT NOT NULL, 
	claims TEXT NOT NULL, 
	recorded_at INTEGER NOT NULL, 
	CONSTRAINT pk_weights PRIMARY KEY (model_id), 
	CONSTRAINT fk_weights_file_digest FOREIGN KEY(file_digest) REFERENCES blob (digest), 
	CONSTRAINT fk_weights_model_id FOREIGN KEY(model_id) REFERENCES model (id)
)
 STRICT

;
CREATE TABLE withdrawal (
	id INTEGER NOT NULL, 
	work_id INTEGER NOT NULL, 
	contributor_id INTEGER, 
	reason TEXT NOT NULL, 
	touched TEXT NOT NULL, 
	withdrawn_at INTEGER NOT NULL, 
	CONSTRAINT pk_withdrawal PRIMARY KEY (id), 
	CONSTRAINT fk_withdrawal_contributor_id FOREIGN KEY(contributor_id) REFERENCES contributor (id), 
	CONSTRAINT fk_withdrawal_work_id FOREIGN KEY(work_id) REFERENCES work (id)
)
 STRICT

;
CREATE TABLE work (
	id INTEGER NOT NULL, 
	file_digest TEXT NOT NULL, 
	pixels_digest TEXT NOT NULL, 
	file_size INTEGER NOT NULL, 
	media_type TEXT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	title TEXT, 
	creator TEXT, 
	licence TEXT, 
	source TEXT, 
	category TEXT, 
	series TEXT, 
	subjects TEXT NOT NULL, 
	consent TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	CONSTRAINT pk_work PRIMARY KEY (id), 
	CONSTRAINT fk_work_id FOREIGN KEY(id) REFERENCES node (id)
)
 STRICT

;
INSERT INTO "work" VALUES(1,'9b152959bb7c40d77c027efafbbe4b1e19f55bf4ac08adacf5e829937bf96860','89cb8896ef735ebef1113a70d06fae37665e8f9823011e78c47e35f25bf4258d',702,'image/png',96,64,'work-0.png','Fjord','Ada Lind','CC-BY-4.0',NULL,NULL,NULL,'[]','unknown','{}');
INSERT INTO "work" VALUES(2,'2329543f7371f9998e7ceedc48575a076857e1dde6a33147fa007b35a92232ef','777bae49687585ebd83d56da48fe0cbe6c7fef8d0d137f681bc0e630c267f8a7',636,'image/png',96,64,'work-1.png',NULL,NULL,NULL,NULL,NULL,NULL,'[]','unknown','{}');
INSERT INTO "work" VALUES(3,'ca6b295fd69270abc2f400c9b25d2e6a666b0efc1b7c9cb45a682f83a1d3e1dd','e4bcc1c3c2f1df4d83bb84ba53fe73c68f3acae17873432e304a2be5423ca7c2',750,'image/png',96,64,'work-2.png',NULL,NULL,NULL,NULL,NULL,NULL,'[]','unknown','{}');
CREATE TABLE work_location (
	work_id INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	seen_at INTEGER NOT NULL, 
	CONSTRAINT pk_work_location PRIMARY KEY (work_id, path), 
	CONSTRAINT fk_work_location_work_id FOREIGN KEY(work_id) REFERENCES work (id)
)
 STRICT

;
INSERT INTO "work_location" VALUES(1,'/home/ada/works/work-0.png',1795338066664693);
INSERT INTO "work_location" VALUES(2,'/home/ada/works/work-1.png',1795338066664693);
INSERT INTO "work_location" VALUES(3,'/home/ada/works/work-2.png',1795338066664693);
CREATE INDEX ix_edge_parent_id_role_child_id ON edge (parent_id, role, child_id);
CREATE INDEX ix_fingerprint_method_id ON fingerprint (method, id);
CREATE INDEX ix_manifest_label ON manifest (label);
CREATE INDEX ix_manifest_node_id ON manifest (node_id);
CREATE INDEX ix_model_name ON model (name);
CREATE INDEX ix_work_creator ON work (creator);
CREATE INDEX ix_work_file_digest ON work (file_digest);
CREATE INDEX ix_work_pixels_digest ON work (pixels_digest);
CREATE INDEX ix_run_model_id ON run (model_id);
CREATE INDEX ix_skipped_file_version_id ON skipped_file (version_id);
CREATE INDEX ix_artwork_file_digest ON artwork (file_digest);
CREATE INDEX ix_artwork_pixels_digest ON artwork (pixels_digest);
CREATE INDEX ix_artwork_run_id ON artwork (run_id);
CREATE INDEX ix_audit_artwork_id ON audit (artwork_id);
CREATE INDEX ix_edit_parent_id ON edit (parent_id);
CREATE INDEX ix_export_artwork_id ON export (artwork_id);
CREATE INDEX ix_export_file_digest ON export (file_digest);
CREATE INDEX ix_export_pixels_digest ON export (pixels_digest);
CREATE INDEX ix_rating_artwork_id ON rating (artwork_id);
CREATE INDEX ix_reproduction_artwork_id ON reproduction (artwork_id);
CREATE INDEX ix_finding_artwork_id ON finding (artwork_id);
CREATE INDEX ix_finding_audit_id ON finding (audit_id);
CREATE INDEX ix_match_artwork_id ON "match" (artwork_id);
CREATE INDEX ix_match_audit_id ON "match" (audit_id);
CREATE INDEX ix_match_other_id_flagged ON "match" (other_id, flagged);
CREATE INDEX ix_training_name ON training (name);
CREATE INDEX ix_rights_work_id ON rights (work_id);
CREATE INDEX ix_selection_version_id ON selection (version_id);
CREATE INDEX ix_withdrawal_work_id ON withdrawal (work_id);
CREATE INDEX ix_edit_received_digest ON edit (received_digest);
CREATE INDEX ix_import_received_digest ON import (received_digest);
CREATE INDEX ix_feature_method_id ON feature (method, id);
CREATE INDEX ix_judgement_artwork_id_other_id ON judgement (artwork_id, other_id);
CREATE INDEX ix_model_audit_model_id ON model_audit (model_id);
COMMIT;
